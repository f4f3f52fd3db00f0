{{- define "type" -}}
{{- $type := . -}}
{{- if markdownShouldRenderType $type }}
### {{ $type.Name }}

{{ $type.Doc }}
{{- if $type.References }}

Appears in {{ range $i, $_ := $type.SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink . }}{{ end }}.
{{- end }}
{{ with index $type.Markers "kubebuilder:validation:XValidation" }}
The API server enforces these rules:

{{ range . }}- {{ .Message }}
{{ end }}
{{- end }}
{{- if $type.Members }}
| field | type | default | bounds | meaning |
|---|---|---|---|---|
{{ if $type.GVK -}}
| `apiVersion` | string | | | `{{ $type.GVK.Group }}/{{ $type.GVK.Version }}` |
| `kind` | string | | | `{{ $type.GVK.Kind }}` |
{{ end -}}
{{ range $type.Members -}}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ with .Default }}{{ if not (contains "{" .) }}`{{ . }}`{{ end }}{{ end }} | {{ template "bounds" . }} | {{ template "type_members" . }} |
{{ end -}}
{{- end -}}
{{- if $type.EnumValues }}
| value | meaning |
|---|---|
{{ range $type.EnumValues -}}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc | replace "<br />" "" }} |
{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "bounds" -}}
{{- $bounds := list -}}
{{- range .Validation -}}
{{- $name := . | splitList ": " | first -}}
{{- $value := . | splitList ": " | last -}}
{{- if eq $name "Minimum" }}{{ $bounds = append $bounds (printf "at least %d" ($value | float64 | int64)) }}{{ end -}}
{{- if eq $name "Maximum" }}{{ $bounds = append $bounds (printf "at most %d" ($value | float64 | int64)) }}{{ end -}}
{{- if eq $name "MaxLength" }}{{ $bounds = append $bounds (printf "at most %s characters" $value) }}{{ end -}}
{{- if or (eq $name "MaxItems") (eq $name "MaxProperties") }}{{ $bounds = append $bounds (printf "at most %s entries" $value) }}{{ end -}}
{{- if eq $name "Enum" }}{{ $bounds = append $bounds (printf "one of %s" (trimAll "[]" $value | splitList " " | join ", ")) }}{{ end -}}
{{- end -}}
{{- if or .Type.Imported (not .Type.Fields) -}}
{{- range index .Markers "kubebuilder:validation:XValidation" }}{{ $bounds = append $bounds .Message }}{{ end -}}
{{- end -}}
{{- $bounds | sortAlpha | join "; " -}}
{{- end -}}
