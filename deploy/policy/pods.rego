# Limits of each pod, and of what it may do in the cluster.
package main

import rego.v1

pod_security(pod) := object.get(pod.spec, "securityContext", {})

deny contains sprintf("%s: runAsNonRoot of the pod is not true", [pod.name]) if {
	some pod in pod_settings
	not pod_security(pod).runAsNonRoot == true
}

deny contains sprintf("%s: runAsUser is not the number of a user other than root", [pod.name]) if {
	some pod in pod_settings
	not object.get(pod_security(pod), "runAsUser", 0) > 0
}

deny contains sprintf("%s: the seccomp profile is not RuntimeDefault", [pod.name]) if {
	some pod in pod_settings
	not pod_security(pod).seccompProfile.type == "RuntimeDefault"
}

deny contains sprintf("%s: gets a token of the service account", [pod.name]) if {
	some pod in pod_settings
	not pod.spec.automountServiceAccountToken == false
}

deny contains sprintf("%s: gives its pods a token", [name(object)]) if {
	some object in objects
	object.kind == "ServiceAccount"
	not object.automountServiceAccountToken == false
}

deny contains sprintf("%s: shares %s with the node", [pod.name, setting]) if {
	some pod in pod_settings
	some setting in ["hostNetwork", "hostPID", "hostIPC"]
	pod.spec[setting] == true
}

deny contains sprintf("%s: mounts the path %s of the node", [pod.name, path]) if {
	some pod in pod_settings
	some volume in pod.spec.volumes
	path := volume.hostPath.path
}

deny contains sprintf("%s: the volume %s has no size limit", [pod.name, volume.name]) if {
	some pod in pod_settings
	some volume in pod.spec.volumes
	volume.emptyDir
	not volume.emptyDir.sizeLimit
}

deny contains sprintf("%s: nothing here needs rights in the cluster", [name(object)]) if {
	some object in objects
	object.kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
}
