{{/* What Prometheus scrapes: a name, the part, its port, and the job. */}}
{{- define "waymark.scrapes" -}}
{{- if .Values.server.enabled }}
- { name: server, component: server, port: metrics, job: waymark }
{{- end }}
{{- if .Values.collector.enabled }}
- { name: spans, component: collector, port: span-metrics, job: collector, honorLabels: true }
- { name: collector, component: collector, port: metrics, job: otelcol }
{{- if eq (include "waymark.collectorEntry" .) "collector-receiving" }}
- { name: receiving, component: collector-receiving, port: metrics, job: otelcol }
{{- end }}
{{- end }}
{{- if .Values.jaeger.enabled }}
- { name: jaeger, component: jaeger, port: metrics, job: jaeger }
{{- end }}
{{- end -}}
