{{/* The secrets that are mounted as files, by the setting that names the file. The authority is named in the URL. */}}
{{- define "waymark.secretFiles" -}}
databaseAuthority: ""
databasePassword: DATABASE_PASSWORD_FILE
apiTokens: API_TOKENS_FILE
metricsToken: METRICS_TOKEN_FILE
feedbackKey: FEEDBACK_KEY_FILE
remoteKeys: REMOTE_KEYS_FILE
signatureKeys: MODEL_SIGNATURE_KEYS
signingKey: MODEL_SIGNING_KEY
{{- end -}}

{{/* The places of models and database, and the files of secrets: (list $ names-of-secrets). */}}
{{- define "waymark.storageEnvironment" -}}
{{- $root := index . 0 -}}
{{- $files := include "waymark.secretFiles" $root | fromYaml -}}
- { name: MODELS_DIR, value: /app/models }
- { name: DATA_DIR, value: /app/data }
{{- if eq $root.Values.models.store "database" }}
- { name: MODELS_STORE, value: database }
{{- end }}
{{- if $root.Values.database.url }}
- { name: DATABASE_URL, value: {{ include "waymark.databaseUrl" $root | quote }} }
{{- end }}
{{- range $name := index . 1 }}
{{- $secret := index $root.Values.secrets $name }}
{{- $variable := index $files $name }}
{{- if and $secret.name $variable }}
- { name: {{ $variable }}, value: /run/secrets/{{ $name }}/{{ $secret.key }} }
{{- end }}
{{- end }}
{{- end -}}

{{- define "waymark.databaseUrl" -}}
{{- $url := .Values.database.url -}}
{{- $authority := .Values.secrets.databaseAuthority -}}
{{- $url -}}
{{- if $authority.name -}}
{{- ternary "&" "?" (contains "?" $url) -}}sslrootcert=/run/secrets/databaseAuthority/{{ $authority.key }}
{{- end -}}
{{- end -}}

{{/* The volumes with these secrets, and their mounts. The name of a volume has no capital letters. */}}
{{- define "waymark.secretVolumes" -}}
{{- $root := index . 0 -}}
{{- range $name := index . 1 }}
{{- $secret := index $root.Values.secrets $name }}
{{- if $secret.name }}
- name: secret-{{ $name | kebabcase }}
  secret: { secretName: {{ $secret.name }}, defaultMode: 0440, items: [{ key: {{ $secret.key }}, path: {{ $secret.key }} }] }
{{- end }}
{{- end }}
{{- end -}}

{{- define "waymark.secretMounts" -}}
{{- $root := index . 0 -}}
{{- range $name := index . 1 }}
{{- if (index $root.Values.secrets $name).name }}
- { name: secret-{{ $name | kebabcase }}, mountPath: /run/secrets/{{ $name }}, readOnly: true }
{{- end }}
{{- end }}
{{- end -}}

{{/* The environment of the service alone. */}}
{{- define "waymark.serverEnvironment" -}}
{{- $settings := .Values.server.settings -}}
- { name: HOST, value: 0.0.0.0 }
- { name: PORT, value: "3000" }
- { name: OTEL_EXPORTER_PROMETHEUS_HOST, value: 0.0.0.0 }
- { name: OTEL_EXPORTER_PROMETHEUS_PORT, value: "9464" }
- { name: WORKERS, value: "1" }
- { name: DEFAULT_MODEL, value: {{ .Values.models.default | quote }} }
- { name: SHUTDOWN_DELAY_MS, value: {{ int .Values.shutdown.delayMs | quote }} }
- { name: SHUTDOWN_TIMEOUT_MS, value: {{ int .Values.shutdown.timeoutMs | quote }} }
{{- if .Values.tls.secretName }}
- { name: TLS_CERT_FILE, value: /run/secrets/tls/tls.crt }
- { name: TLS_KEY_FILE, value: /run/secrets/tls/tls.key }
{{- end }}
{{- range $name, $variable := dict "predictionIdKey" "PREDICTION_ID_KEY" "predictionIdKeysOld" "PREDICTION_ID_KEYS_OLD" }}
{{- $secret := index $.Values.secrets $name }}
{{- if $secret.name }}
- name: {{ $variable }}
  valueFrom: { secretKeyRef: { name: {{ $secret.name }}, key: {{ $secret.key }} } }
{{- end }}
{{- end }}
{{- if or .Values.collector.enabled .Values.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ default (printf "http://%s-collector:4318" (include "waymark.fullname" .)) .Values.otlpEndpoint }} }
{{- end }}
{{- if and .Values.collector.enabled .Values.collector.victoriaLogsUrl (not $settings.VICTORIALOGS_URL) }}
- { name: VICTORIALOGS_URL, value: {{ .Values.collector.victoriaLogsUrl | quote }} }
{{- end }}
{{- if and .Values.collector.enabled (not .Values.collector.victoriaLogsUrl) (not $settings.OTEL_LOGS_EXPORTER) }}
- { name: OTEL_LOGS_EXPORTER, value: none }
{{- end }}
{{- if and .Values.jaeger.enabled (not $settings.JAEGER_QUERY_URL) }}
- { name: JAEGER_QUERY_URL, value: "http://{{ include "waymark.fullname" . }}-jaeger:16686" }
{{- end }}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: NODE_NAME
  valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
- { name: OTEL_RESOURCE_ATTRIBUTES, value: "k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME),k8s.node.name=$(NODE_NAME)" }
{{- range $name, $value := .Values.server.settings }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end -}}
