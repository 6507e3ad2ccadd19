# The images, for CI: docker/bake-action, or TAG=v1.4.0 docker buildx bake --file docker/docker-bake.hcl
# tests/docker holds it to catalog/machine.py. On a person's machine: newstalk build.
variable "TAG" {
  default = ""
  validation {
    condition     = TAG != "" && TAG != "latest"
    error_message = "TAG: give the tag of a release, such as v1.4.0; latest names none."
  }
}

variable "REGISTRY" {
  default = "docker.io"
}

variable "REVISION" {
  default = "unknown"
}

# The address of Maven Central, or of a mirror of it: docker/Dockerfile.kafka says so where it is empty.
variable "MAVEN" {
  default = ""
}

variable "BUILD_ENV" {
  default = "production"
}

group "default" {
  targets = ["backend", "langgraph", "stream-processor", "airflow", "kafka"]
}

target "image" {
  args = {
    BUILD_ENV = BUILD_ENV
    VERSION   = TAG
    REVISION  = REVISION
  }
}

# A branch may have a slash in its name, and a tag may not.
function "tag" {
  params = [name]
  result = "${REGISTRY}/newstalk-ai/${name}:${regex_replace(TAG, "[^A-Za-z0-9_.-]", "-")}"
}

target "backend" {
  inherits   = ["image"]
  context    = "services/backend"
  dockerfile = "../../docker/Dockerfile.backend"
  tags       = [tag("backend")]
}

target "langgraph" {
  inherits   = ["image"]
  context    = "services/langgraph"
  dockerfile = "../../docker/Dockerfile.langgraph"
  tags       = [tag("langgraph")]
}

target "stream-processor" {
  inherits   = ["image"]
  context    = "services/stream_processor"
  dockerfile = "../../docker/Dockerfile.stream-processor"
  tags       = [tag("stream-processor")]
}

target "airflow" {
  inherits   = ["image"]
  context    = "services/airflow"
  dockerfile = "../../docker/Dockerfile.airflow"
  tags       = [tag("airflow")]
}

target "kafka" {
  inherits   = ["image"]
  context    = "docker"
  dockerfile = "../docker/Dockerfile.kafka"
  args       = { MAVEN = MAVEN }
  tags       = [tag("kafka")]
}
