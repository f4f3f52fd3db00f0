{{- define "type_members" -}}
{{- if eq .Name "metadata" -}}
metadata is the standard object metadata.
{{- else -}}
{{ markdownRenderFieldDoc .Doc | replace "<br />" " " }}
{{- end -}}
{{- end -}}
