{{/* One training, as the specification of a Job. With a key it is signed after that, in a container of its own. */}}
{{- define "waymark.retrainingJob" -}}
{{- $retraining := .Values.retraining -}}
{{- $key := .Values.secrets.signingKey -}}
backoffLimit: 1
activeDeadlineSeconds: {{ int $retraining.deadlineSeconds }}
ttlSecondsAfterFinished: 86400
template:
  metadata:
    labels:
      {{- include "waymark.labels" (list . "retraining") | nindent 6 }}
  spec:
    {{- include "waymark.podSecurity" (list . 1000) | nindent 4 }}
    restartPolicy: Never
    {{- if $key.name }}
    initContainers:
      {{- include "waymark.trainContainer" . | nindent 6 }}
    containers:
      - name: sign
        {{- include "waymark.commandContainer" . | nindent 8 }}
        command: [node, --require, ./src/require-node.cjs, src/cli/signing/sign.ts]
        args:
          - --model={{ $retraining.model }}
          - --models=/app/models
          - --private-key=/run/secrets/signingKey/{{ $key.key }}
    {{- else }}
    containers:
      {{- include "waymark.trainContainer" . | nindent 6 }}
    {{- end }}
    volumes:
      - name: training-data
        persistentVolumeClaim: { claimName: {{ $retraining.dataClaim }}, readOnly: true }
      - name: models
        {{- if .Values.models.existingClaim }}
        persistentVolumeClaim: { claimName: {{ .Values.models.existingClaim }} }
        {{- else }}
        # A cache: the versions are in the database.
        emptyDir: { sizeLimit: 1Gi }
        {{- end }}
      - name: tmp
        emptyDir: { sizeLimit: 256Mi }
      {{- include "waymark.secretVolumes" (list . (include "waymark.retrainingSecrets" . | fromYamlArray)) | trim | nindent 6 }}
{{- end -}}

{{/* The secrets that a training needs. */}}
{{- define "waymark.retrainingSecrets" -}}
[databaseAuthority, databasePassword, feedbackKey, signingKey]
{{- end -}}

{{- define "waymark.trainContainer" -}}
{{- $retraining := .Values.retraining -}}
- name: train
  {{- include "waymark.commandContainer" . | nindent 2 }}
  command: [node, --require, ./src/require-node.cjs, src/cli/train.ts]
  args:
    - --data=/training-data/{{ $retraining.dataFile }}
    - --model={{ $retraining.model }}
    - --models=/app/models
    - --with-feedback
    {{- if .Values.secrets.feedbackKey.name }}
    - --feedback-key-file=/run/secrets/feedbackKey/{{ .Values.secrets.feedbackKey.key }}
    {{- end }}
    {{- range $retraining.arguments }}
    - {{ . | quote }}
    {{- end }}
{{- end -}}

{{/* The lines of a container that both commands share. */}}
{{- define "waymark.commandContainer" -}}
{{- $secrets := include "waymark.retrainingSecrets" . | fromYamlArray -}}
image: {{ include "waymark.image" (list .Values.image .Chart.AppVersion) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{ include "waymark.containerSecurity" . }}
env:
  {{- include "waymark.storageEnvironment" (list . $secrets) | trim | nindent 2 }}
resources:
  {{- toYaml .Values.retraining.resources | nindent 2 }}
volumeMounts:
  - { name: training-data, mountPath: /training-data, readOnly: true }
  - { name: models, mountPath: /app/models }
  - { name: tmp, mountPath: /tmp }
  {{- with include "waymark.secretMounts" (list . $secrets) | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end -}}
