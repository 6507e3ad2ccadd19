// A steady trickle of requests: below the edge's limit for one address, or the limit is what gets measured.
// The bounds are those of catalog/application.py, which tests/ops/observe holds them to.
import http from "k6/http";

export const options = {
  scenarios: {
    readers: {
      executor: "constant-arrival-rate",
      rate: 85,
      timeUnit: "1m",
      duration: __ENV.DURATION || "3m",
      preAllocatedVUs: 10,
    },
  },
  thresholds: {
    http_req_failed: ["rate<=0.02"],
    http_req_duration: ["p(95)<=2000"],
    dropped_iterations: ["count==0"],
    iterations: ["count>0"],
  },
};

export default function () {
  http.get(__ENV.URL);
}
