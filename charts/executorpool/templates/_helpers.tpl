{{- define "executorpool.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters, so that a name with its suffix is valid. */}}
{{- define "executorpool.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "executorpool.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "executorpool.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "executorpool.labels" -}}
app.kubernetes.io/name: {{ include "executorpool.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: executorpool
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "executorpool.selectorLabels" -}}
app.kubernetes.io/name: {{ include "executorpool.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: manager
{{- end -}}

{{- define "executorpool.managerLabels" -}}
{{ include "executorpool.labels" . }}
app.kubernetes.io/component: manager
{{- end -}}

{{/* Further labels of an alert, one a line. */}}
{{- define "executorpool.alertLabels" -}}
{{- with .Values.prometheusRule.alertLabels }}{{ toYaml . | nindent 8 }}{{ end -}}
{{- end -}}

{{- define "executorpool.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (printf "%s-manager" (include "executorpool.fullname" .)) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the account that is there, or set serviceAccount.create=true" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "executorpool.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "executorpool.executorImage" -}}
{{- default (printf "executorpool/executor:%s" .Chart.AppVersion) .Values.executorImage -}}
{{- end -}}

{{/*
The rules of the manager, as {"cluster": [...], "pools": [...], "reviews": [...], "own": [...]}. The source is
the file that is generated from the markers in controllers/.
- cluster: all rules of the ClusterRole.
- pools: the cluster rules for pools and their objects, without nodes.
- reviews: the cluster rules for the reviews that authenticate readers of the metrics. Reviews and nodes exist
  only for a whole cluster.
- own: the rules for the release's own namespace (lease, events).
*/}}
{{- define "executorpool.rules" -}}
{{- $rules := dict "cluster" list "pools" list "reviews" list "own" list -}}
{{- range $document := splitList "\n---\n" (.Files.Get "files/rbac/role.yaml") -}}
  {{- $role := fromYaml $document -}}
  {{- range $rule := $role.rules -}}
    {{- $parts := list "cluster" "pools" -}}
    {{- if eq $role.kind "Role" -}}
      {{- $parts = list "own" -}}
    {{- else if or (has "authentication.k8s.io" $rule.apiGroups) (has "authorization.k8s.io" $rule.apiGroups) -}}
      {{- $parts = list "cluster" "reviews" -}}
    {{- end -}}
    {{- range $part := $parts -}}
      {{- $granted := deepCopy $rule -}}
      {{- if or (ne $part "cluster") (not $.Values.nodeCapacity) -}}
        {{- $granted = set $granted "resources" (without $rule.resources "nodes") -}}
      {{- end -}}
      {{- if $granted.resources -}}
        {{- $_ := set $rules $part (append (get $rules $part) $granted) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toYaml $rules -}}
{{- end -}}
