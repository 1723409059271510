# Each pod has a NetworkPolicy for both directions, and none is open to everybody.
package main

import rego.v1

network_policies contains object if {
	some object in objects
	object.kind == "NetworkPolicy"
}

deny contains sprintf("%s: no NetworkPolicy limits its %s", [pod.name, direction]) if {
	some pod in pods
	some direction in ["Ingress", "Egress"]
	not is_limited(pod, direction)
}

is_limited(pod, direction) if {
	some policy in network_policies
	selects(policy.spec.podSelector, pod.labels)
	direction in policy.spec.policyTypes
}

deny contains sprintf("%s: a rule lets everybody in", [name(policy)]) if {
	some policy in network_policies
	some rule in policy.spec.ingress
	count(object.get(rule, "from", [])) == 0
}

deny contains sprintf("%s: a rule is for every port", [name(policy)]) if {
	some policy in network_policies
	some direction in ["ingress", "egress"]
	some rule in policy.spec[direction]
	count(object.get(rule, "ports", [])) == 0
}
