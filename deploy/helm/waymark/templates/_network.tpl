{{/* The port of a URL or of host:port. */}}
{{- define "waymark.portOf" -}}
{{- $port := regexFind ":[0-9]+(/|\\?|$)" . | regexFind "[0-9]+" -}}
{{- if $port -}}
{{ $port }}
{{- else if hasPrefix "https:" . -}}
443
{{- else if hasPrefix "postgres" . -}}
5432
{{- else -}}
80
{{- end -}}
{{- end -}}

{{/* The rule that lets pods reach the database, if there is one. */}}
{{- define "waymark.databaseEgress" -}}
{{- with .Values.database.url }}
- ports: [{ port: {{ include "waymark.portOf" . }} }]
  {{- with $.Values.networkPolicy.database }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
