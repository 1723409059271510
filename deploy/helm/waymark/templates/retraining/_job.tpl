{{/* One training, as the specification of a Job. */}}
{{- define "waymark.retrainingJob" -}}
{{- $retraining := .Values.retraining -}}
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
    containers:
      - name: train
        image: {{ include "waymark.image" (list .Values.image .Chart.AppVersion) }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
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
        {{- include "waymark.containerSecurity" . | nindent 8 }}
        env:
          {{- include "waymark.sharedEnvironment" . | trim | nindent 10 }}
        resources:
          {{- toYaml $retraining.resources | nindent 10 }}
        volumeMounts:
          - { name: training-data, mountPath: /training-data, readOnly: true }
          - { name: models, mountPath: /app/models }
          - { name: tmp, mountPath: /tmp }
          {{- with include "waymark.secretMounts" . | trim }}
          {{- . | nindent 10 }}
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
      {{- with include "waymark.secretVolumes" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end -}}
