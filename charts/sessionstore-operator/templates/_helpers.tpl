{{/* Labels by which selectors find the operator's pods; immutable in a Deployment, so never more than these. */}}
{{- define "sessionstore-operator.selectorLabels" -}}
app.kubernetes.io/name: sessionstore-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sessionstore-operator.labels" -}}
{{ include "sessionstore-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sessionstore-operator.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary .Values.fullnameOverride "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "sessionstore-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The subject of every binding of the chart. */}}
{{- define "sessionstore-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "sessionstore-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
