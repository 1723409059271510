# Limits of each container.
package main

import rego.v1

security(container) := object.get(container.spec, "securityContext", {})

deny contains sprintf("%s: readOnlyRootFilesystem is not true", [container.name]) if {
	some container in containers
	not security(container).readOnlyRootFilesystem == true
}

deny contains sprintf("%s: allowPrivilegeEscalation is not false", [container.name]) if {
	some container in containers
	not security(container).allowPrivilegeEscalation == false
}

deny contains sprintf("%s: is privileged", [container.name]) if {
	some container in containers
	security(container).privileged == true
}

deny contains sprintf("%s: runAsNonRoot is not true", [container.name]) if {
	some container in containers
	not security(container).runAsNonRoot == true
}

deny contains sprintf("%s: does not drop all capabilities", [container.name]) if {
	some container in containers
	not "ALL" in object.get(security(container), ["capabilities", "drop"], [])
}

deny contains sprintf("%s: adds capabilities", [container.name]) if {
	some container in containers
	count(object.get(security(container), ["capabilities", "add"], [])) > 0
}

deny contains sprintf("%s: has a user of its own (%v)", [container.name, user]) if {
	some container in containers
	user := security(container).runAsUser
}

deny contains sprintf("%s: changes the seccomp profile of the pod", [container.name]) if {
	some container in containers
	security(container).seccompProfile
}

deny contains sprintf("%s: has no %s of %s", [container.name, kind, resource]) if {
	some container in containers
	some kind in ["requests", "limits"]
	some resource in ["cpu", "memory", "ephemeral-storage"]
	not container.spec.resources[kind][resource]
}

# A digest, or a tag that names a version.
deny contains sprintf("%s: the image %s has neither a digest nor a version", [container.name, container.spec.image]) if {
	some container in containers
	not regex.match(`@sha256:[0-9a-f]{64}$|:v?\d+\.\d+\.\d+[\w.-]*$`, container.spec.image)
}

deny contains sprintf("%s: takes a port of the node", [container.name]) if {
	some container in containers
	some port in container.spec.ports
	port.hostPort
}
