// Package v1alpha1 is the Kubernetes API of the project: the kinds ExecutorPool and Contest.
//
// Conventions: every comment begins with the JSON name and gives unit, default and effect. Numbers
// are int32 with the unit in the name. There are no bool, float or duration fields. Each list and
// map has a bound. The API server checks rules that span fields, which are CEL; each message names
// the change to make. There is no webhook. Every field has an effect.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=executorpool.dev
package v1alpha1
