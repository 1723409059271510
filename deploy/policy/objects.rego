# The objects of a rendering, and the pods that they make. `conftest test --combine` gives all of them as one input.
package main

import rego.v1

objects := [file.contents | some file in input]

name(object) := sprintf("%s %s", [object.kind, object.metadata.name])

# The pods of all workloads: labels, and the specification.
pods contains {"name": name(object), "owner": object, "labels": template.metadata.labels, "spec": template.spec} if {
	some object in objects
	template := object.spec.template
}

pods contains {"name": name(object), "owner": object, "labels": template.metadata.labels, "spec": template.spec} if {
	some object in objects
	template := object.spec.jobTemplate.spec.template
}

containers contains {"name": sprintf("%s, container %s", [pod.name, container.name]), "spec": container} if {
	some pod in pods
	some list in ["containers", "initContainers"]
	some container in pod.spec[list]
}

# Those of KServe, which makes the pods itself.
containers contains {"name": sprintf("%s, container %s", [name(object), container.name]), "spec": container} if {
	some object in objects
	object.kind == "ServingRuntime"
	some container in object.spec.containers
}

# The parts of objects that have the settings of a pod.
pod_settings contains {"name": pod.name, "spec": pod.spec} if some pod in pods

pod_settings contains {"name": name(object), "spec": object.spec.predictor} if {
	some object in objects
	object.kind == "InferenceService"
}

is_server(pod) if pod.owner.kind in {"Deployment", "StatefulSet"}

# Whether all labels of a selector are on a pod.
selects(selector, labels) if every key, value in selector.matchLabels {
	labels[key] == value
}
