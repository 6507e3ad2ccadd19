// node synth.js OBJECTS OUT: the same objects through cdk8s and cdk8s-plus-27 in their own language, typed classes
// for each kind, a chart per workload. OBJECTS: JSON of {workload: [object]}.
const fs = require("fs");
const { App, Chart, YamlOutputType } = require("cdk8s");
const { k8s } = require("cdk8s-plus-27");

const kinds = { HorizontalPodAutoscaler: k8s.KubeHorizontalPodAutoscalerV2 };
const [objects, outdir] = process.argv.slice(2);
const app = new App({
  outdir,
  yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE,
  recordConstructMetadata: false,
});
for (const [workload, made] of Object.entries(JSON.parse(fs.readFileSync(objects, "utf8")))) {
  const chart = new Chart(app, workload, { disableResourceNameHashes: true });
  made.forEach(({ apiVersion, kind, ...fields }, index) => {
    const Kind = kinds[kind] ?? k8s[`Kube${kind}`];
    new Kind(chart, `${kind}-${index}`, typed(fields, "", kind));
  });
}
app.synth();

// Quantities, and ports and bounds that may be numbers or names, are classes of their own.
function typed(value, key, kind) {
  if (Array.isArray(value)) return value.map((one) => typed(one, key, kind));
  if (value === null || typeof value !== "object") return value;
  const convert = ([name, one]) => {
    if (["limits", "requests"].includes(key) || name === "sizeLimit") return k8s.Quantity.fromString(String(one));
    if (eitherNumberOrName(name, key, kind))
      return typeof one === "number" ? k8s.IntOrString.fromNumber(one) : k8s.IntOrString.fromString(one);
    return typed(one, name, kind);
  };
  return Object.fromEntries(Object.entries(value).map((entry) => [entry[0], convert(entry)]));
}

function eitherNumberOrName(name, key, kind) {
  if (name === "port") return key === "httpGet" || kind === "NetworkPolicy";
  return ["maxSurge", "maxUnavailable", "targetPort"].includes(name);
}
