{{/* The part that takes telemetry: the only tier, or the first of two. */}}
{{- define "waymark.collectorEntry" -}}
{{- ternary "collector-receiving" "collector" (eq (int .Values.collector.tiers) 2) -}}
{{- end -}}

{{- define "waymark.collectorReplicas" -}}
{{- ternary .Values.collector.replicas 1 (eq (int .Values.collector.tiers) 2) -}}
{{- end -}}

{{- define "waymark.jaegerEndpoint" -}}
{{- default (printf "%s-jaeger:14317" (include "waymark.fullname" .)) .Values.collector.jaegerEndpoint -}}
{{- end -}}

{{/* The configuration of a file, without the exporter of log records if they have no receiver: (list $ "the file"). */}}
{{- define "waymark.collectorConfiguration" -}}
{{- $root := index . 0 -}}
{{- $configuration := $root.Files.Get (printf "files/collector/%s" (index . 1)) | fromYaml -}}
{{- if not $root.Values.collector.victoriaLogsUrl -}}
{{- $_ := unset $configuration.exporters "otlp_http/victorialogs" -}}
{{- $_ := unset $configuration.service.pipelines "logs" -}}
{{- end -}}
{{/* Prometheus scrapes the pods itself, by the PodMonitors. */}}
{{- $_ := unset $configuration.receivers "prometheus" -}}
{{- $_ := unset $configuration.service.pipelines "metrics/service" -}}
{{- toYaml $configuration -}}
{{- end -}}

{{/* The environment of both tiers. */}}
{{- define "waymark.collectorEnvironment" -}}
- { name: COLLECTOR_LISTEN_HOST, value: 0.0.0.0 }
{{- with .Values.collector.victoriaLogsUrl }}
- { name: VICTORIA_LOGS_URL, value: {{ . | quote }} }
{{- end }}
# Below the limit of 512 MiB, as in docker-compose.yml.
- { name: GOMEMLIMIT, value: 450MiB }
{{- end -}}

{{/* The probes of both tiers. */}}
{{- define "waymark.collectorProbes" -}}
startupProbe:
  httpGet: { path: /, port: health }
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  tcpSocket: { port: health }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /, port: health }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}
