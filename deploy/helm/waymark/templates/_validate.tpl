{{/* Stops the rendering with a message if values contradict each other. values.schema.json checks each value by itself. */}}
{{- define "waymark.validate" -}}
{{- $v := .Values -}}
{{- $several := or (gt (int $v.server.replicas) 1) $v.autoscaling.enabled $v.keda.enabled -}}
{{- if and $v.server.enabled $several -}}
  {{- if not $v.database.url -}}
    {{- fail "several replicas (server.replicas, autoscaling or keda) need database.url: without it each replica has feedback and roles of its own" -}}
  {{- end -}}
  {{- if not $v.secrets.predictionIdKey.name -}}
    {{- fail "several replicas (server.replicas, autoscaling or keda) need secrets.predictionIdKey: without it a replica refuses feedback on the predictions of another" -}}
  {{- end -}}
{{- end -}}
{{- if and $v.autoscaling.enabled $v.keda.enabled -}}
  {{- fail "autoscaling.enabled and keda.enabled exclude each other: both change the number of replicas" -}}
{{- end -}}
{{- range $name := list "autoscaling" "keda" -}}
  {{- $scale := index $v $name -}}
  {{- if gt (int $scale.minReplicas) (int $scale.maxReplicas) -}}
    {{- fail (printf "%s.minReplicas is above %s.maxReplicas" $name $name) -}}
  {{- end -}}
{{- end -}}
{{- if and (eq $v.models.store "database") (not $v.database.url) -}}
  {{- fail "models.store is database, which needs database.url" -}}
{{- end -}}
{{- if ge (int $v.shutdown.delayMs) (int $v.shutdown.timeoutMs) -}}
  {{- fail "shutdown.delayMs must be below shutdown.timeoutMs, which limits the shutdown as a whole" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
  {{- fail "httpRoute.enabled needs httpRoute.parentRefs: the Gateway of the route" -}}
{{- end -}}
{{- if and $v.collector.enabled $v.otlpEndpoint -}}
  {{- fail "collector.enabled and otlpEndpoint exclude each other: the service sends its telemetry to one of them" -}}
{{- end -}}
{{- if and $v.collector.enabled (not $v.jaeger.enabled) (not $v.collector.jaegerEndpoint) -}}
  {{- fail "collector.enabled needs jaeger.enabled or collector.jaegerEndpoint: the place of the traces" -}}
{{- end -}}
{{- if $v.jaeger.enabled -}}
  {{- $type := $v.jaeger.storage.type -}}
  {{- if and (gt (int $v.jaeger.replicas) 1) (has $type (list "memory" "badger")) -}}
    {{- fail (printf "jaeger.storage.type is %s, which one replica holds: jaeger.replicas must be 1" $type) -}}
  {{- end -}}
  {{- if and (eq $type "opensearch") (not $v.jaeger.storage.opensearch.urls) -}}
    {{- fail "jaeger.storage.type is opensearch, which needs jaeger.storage.opensearch.urls" -}}
  {{- end -}}
  {{- if and (eq $type "cassandra") (not $v.jaeger.storage.cassandra.servers) -}}
    {{- fail "jaeger.storage.type is cassandra, which needs jaeger.storage.cassandra.servers" -}}
  {{- end -}}
{{- end -}}
{{- if and $v.kserve.inferenceService.enabled (not $v.kserve.servingRuntime.enabled) -}}
  {{- fail "kserve.inferenceService.enabled needs kserve.servingRuntime.enabled" -}}
{{- end -}}
{{- if and $v.kserve.inferenceService.enabled (not $v.kserve.inferenceService.storageUri) -}}
  {{- fail "kserve.inferenceService.enabled needs kserve.inferenceService.storageUri: the place of the models" -}}
{{- end -}}
{{- if $v.retraining.enabled -}}
  {{- if or (not $v.database.url) (not $v.retraining.dataClaim) -}}
    {{- fail "retraining.enabled needs database.url, which has the feedback, and retraining.dataClaim, which has the training data" -}}
  {{- end -}}
  {{- if and (eq $v.models.store "folder") (not $v.models.existingClaim) -}}
    {{- fail "retraining.enabled needs a place where all replicas find the new version: models.existingClaim, or models.store database" -}}
  {{- end -}}
{{- end -}}
{{- end -}}
