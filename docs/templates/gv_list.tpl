{{- define "gvList" -}}
# API reference

Generated from the types in `api/`. `kubectl explain executorpool.spec --recursive` prints the same
texts, and `kubectl explain executorpool.spec.queue.maxWaitSeconds` prints the text of one field.
{{ range . }}
{{- template "gvDetails" . -}}
{{- end }}
{{- end -}}
