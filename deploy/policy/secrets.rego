# Secrets are named, never written down.
package main

import rego.v1

deny contains sprintf("%s: the variable %s holds a secret", [container.name, variable.name]) if {
	some container in containers
	some variable in container.spec.env
	regex.match(`(TOKENS?|PASSWORD|SECRET|KEYS?)(_|$)|CREDENTIAL`, variable.name)
	object.get(variable, "value", "") != ""
	not startswith(variable.value, "/run/secrets/")
}

deny contains sprintf("%s: the variable %s holds a password in its URL", [container.name, variable.name]) if {
	some container in containers
	some variable in container.spec.env
	regex.match(`://[^/@:]*:[^/@]+@`, object.get(variable, "value", ""))
}

deny contains sprintf("%s: an argument holds a secret", [container.name]) if {
	some container in containers
	some list in ["args", "command"]
	some argument in container.spec[list]
	regex.match(`(?i)(token|password|secret)s?[= ][^/]`, argument)
}

deny contains sprintf("%s: the secret %s is not mounted for reading only", [pod.name, volume.name]) if {
	some pod in pods
	some volume in pod.spec.volumes
	volume.secret
	some list in ["containers", "initContainers"]
	some container in pod.spec[list]
	some mount in container.volumeMounts
	mount.name == volume.name
	not mount.readOnly == true
}

deny contains sprintf("%s: everybody in the pod can read the secret %s", [pod.name, volume.name]) if {
	some pod in pods
	some volume in pod.spec.volumes
	volume.secret
	# 0440: the owner and the group of the pod.
	not volume.secret.defaultMode == 288
}

deny contains sprintf("%s: a manifest is no place for a secret", [name(object)]) if {
	some object in objects
	object.kind == "Secret"
}

deny contains sprintf("%s: the key %s looks like a secret", [name(object), key]) if {
	some object in objects
	object.kind == "ConfigMap"
	some key, text in object.data
	regex.match(`(?m)^\s*"?password"?:\s*"?[^\s"$]`, text)
}
