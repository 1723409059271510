{{/* The backend of the traces, in the words of Jaeger's configuration. */}}
{{- define "waymark.jaegerBackend" -}}
{{- $storage := .Values.jaeger.storage -}}
{{- if eq $storage.type "memory" -}}
memory:
  max_traces: {{ int $storage.memory.maxTraces }}
{{- else if eq $storage.type "badger" -}}
badger:
  ephemeral: false
  directories:
    keys: ${env:JAEGER_DATA_DIR}/keys
    values: ${env:JAEGER_DATA_DIR}/values
  ttl:
    spans: {{ $storage.badger.retention }}
{{- else if eq $storage.type "opensearch" -}}
opensearch:
  server_urls:
    {{- toYaml $storage.opensearch.urls | nindent 4 }}
  indices:
    index_prefix: {{ $storage.opensearch.indexPrefix }}
  {{- if $storage.opensearch.username }}
  auth:
    basic:
      username: {{ $storage.opensearch.username }}
      password_file: /run/secrets/storage-password/password
  {{- end }}
  {{- if $storage.opensearch.caSecret.name }}
  tls:
    ca_file: /run/secrets/storage-ca/ca.crt
  {{- end }}
{{- else -}}
cassandra:
  schema:
    keyspace: {{ $storage.cassandra.keyspace }}
    create: {{ $storage.cassandra.createSchema }}
    datacenter: {{ $storage.cassandra.datacenter }}
    replication_factor: {{ int $storage.cassandra.replicationFactor }}
  connection:
    servers:
      {{- toYaml $storage.cassandra.servers | nindent 6 }}
    {{- if $storage.cassandra.username }}
    auth:
      basic:
        username: {{ $storage.cassandra.username }}
        password: ${env:CASSANDRA_PASSWORD}
    {{- end }}
    tls:
      insecure: {{ not $storage.cassandra.tls }}
      {{- if $storage.cassandra.caSecret.name }}
      ca_file: /run/secrets/storage-ca/ca.crt
      {{- end }}
{{- end -}}
{{- end -}}

{{/* otel/jaeger/jaeger.yaml with this backend, and without the Monitor tab if there is no Prometheus. */}}
{{- define "waymark.jaegerConfiguration" -}}
{{- $configuration := .Files.Get "files/jaeger/jaeger.yaml" | fromYaml -}}
{{- $storage := $configuration.extensions.jaeger_storage -}}
{{- $_ := set $storage.backends "traces" (include "waymark.jaegerBackend" . | fromYaml) -}}
{{- if not .Values.jaeger.prometheusUrl -}}
{{- $_ := unset $storage "metric_backends" -}}
{{- $_ := unset $configuration.extensions.jaeger_query.storage "metrics" -}}
{{- end -}}
{{- toYaml $configuration -}}
{{- end -}}

{{/* otel/jaeger/ui.json with the addresses of this installation. */}}
{{- define "waymark.jaegerPages" -}}
{{- $pages := .Files.Get "files/jaeger/ui.json" | fromJson -}}
{{- $_ := set $pages.monitor "menuEnabled" (ne .Values.jaeger.prometheusUrl "") -}}
{{- $links := list -}}
{{- range $link := $pages.linkPatterns -}}
{{- if and $.Values.jaeger.consoleUrl (hasPrefix "http://localhost:3000/" $link.url) -}}
{{- $url := $link.url | replace "http://localhost:3000" (trimSuffix "/" $.Values.jaeger.consoleUrl) -}}
{{- $links = append $links (merge (dict "url" $url) $link) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $pages "linkPatterns" $links -}}
{{- toPrettyJson $pages -}}
{{- end -}}

{{/* The secret with the password of OpenSearch or Cassandra, and that of its authorities. */}}
{{- define "waymark.jaegerSecrets" -}}
{{- $type := .Values.jaeger.storage.type -}}
{{- if has $type (list "opensearch" "cassandra") -}}
{{- $storage := index .Values.jaeger.storage $type -}}
{{- toYaml (dict "password" $storage.passwordSecret "ca" $storage.caSecret) -}}
{{- else -}}
{{- toYaml (dict "password" (dict "name" "") "ca" (dict "name" "")) -}}
{{- end -}}
{{- end -}}
