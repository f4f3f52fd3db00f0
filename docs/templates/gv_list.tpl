{{- define "gvList" -}}
# API reference

Generated from the types in `api/`. The same words: `kubectl explain executorpool.spec --recursive` and, for one field,
`kubectl explain executorpool.spec.queue.maxWaitSeconds`.
{{ range . }}
{{- template "gvDetails" . -}}
{{- end }}
{{- end -}}
