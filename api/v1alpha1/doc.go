// Package v1alpha1 is the Kubernetes API of the project: the kinds ExecutorPool and Contest.
//
// Conventions: every comment begins with the JSON name and gives unit, default and effect. Numbers are int32 with the unit
// in the name. There are no bool, float or duration fields. Each list and map has a bound. Rules that span fields are CEL,
// checked by the API server, and each message says what to change; there is no webhook. A field is here only when
// something acts on it.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=executorpool.dev
package v1alpha1
