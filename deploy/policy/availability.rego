# An update, a drained node or a slow start loses no request.
package main

import rego.v1

deny contains sprintf("%s: has no %s", [container_name, probe]) if {
	some pod in pods
	is_server(pod)
	some container in pod.spec.containers
	container_name := sprintf("%s, container %s", [pod.name, container.name])
	some probe in ["startupProbe", "livenessProbe", "readinessProbe"]
	not container[probe]
}

deny contains sprintf("%s: the grace period of %d s ends before the shutdown of %v s", [pod.name, grace, needed]) if {
	some pod in pods
	some container in pod.spec.containers
	some variable in container.env
	variable.name == "SHUTDOWN_TIMEOUT_MS"
	pause := object.get(container, ["lifecycle", "preStop", "sleep", "seconds"], 0)
	needed := pause + (to_number(variable.value) / 1000)
	grace := object.get(pod.spec, "terminationGracePeriodSeconds", 30)
	grace <= needed
}

scaled contains target.name if {
	some object in objects
	object.kind in {"HorizontalPodAutoscaler", "ScaledObject"}
	target := object.spec.scaleTargetRef
}

has_several(pod) if pod.owner.spec.replicas > 1

has_several(pod) if {
	pod.owner.kind == "Deployment"
	pod.owner.metadata.name in scaled
}

deny contains sprintf("%s: has several pods and no PodDisruptionBudget", [pod.name]) if {
	some pod in pods
	has_several(pod)
	not has_budget(pod)
}

has_budget(pod) if {
	some object in objects
	object.kind == "PodDisruptionBudget"
	selects(object.spec.selector, pod.labels)
}

deny contains sprintf("%s: has several pods on one node", [pod.name]) if {
	some pod in pods
	has_several(pod)
	not pod.spec.topologySpreadConstraints
}

deny contains sprintf("%s: has several pods without %s", [pod.name, setting]) if {
	some pod in pods
	has_several(pod)
	some container in pod.spec.containers
	container.name == "waymark"
	some setting in ["DATABASE_URL", "PREDICTION_ID_KEY"]
	not setting in {variable.name | some variable in container.env}
}
