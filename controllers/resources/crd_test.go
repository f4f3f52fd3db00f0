package resources

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/settings"
)

// specSchema is the schema of ExecutorPoolSpec in the CRD.
var specSchema = func() apiextensionsv1.JSONSchemaProps {
	content, err := os.ReadFile("../../config/crd/bases/executorpool.dev_executorpools.yaml")
	if err != nil {
		panic(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(content, &crd); err != nil {
		panic(err)
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
}()

// pool returns a pool with `spec: {}` as the API server stores it.
func pool() *v1alpha1.ExecutorPool {
	p := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "contests", UID: "0d9c7a4e"}}
	stored, err := json.Marshal(withDefaults(specSchema, map[string]any{}))
	if err == nil {
		err = json.Unmarshal(stored, &p.Spec)
	}
	if err != nil {
		panic(err)
	}
	return p
}

// withDefaults adds the defaults of the schema to object, as the API server does.
func withDefaults(schema apiextensionsv1.JSONSchemaProps, object map[string]any) map[string]any {
	for name, property := range schema.Properties {
		if _, given := object[name]; !given && property.Default != nil {
			var value any
			if err := json.Unmarshal(property.Default.Raw, &value); err != nil {
				panic(err)
			}
			object[name] = value
		}
		if child, ok := object[name].(map[string]any); ok {
			object[name] = withDefaults(property, child)
		}
	}
	return object
}

// number is a numeric field of the spec with its range in the CRD.
type number struct {
	path        string
	index       []int
	least, most int64
}

// numbers returns the numeric fields of the spec.
func numbers() []number {
	var all []number
	leaves(reflect.TypeFor[v1alpha1.ExecutorPoolSpec](), nil, "spec", func(path string, index []int) {
		schema, kind := specSchema, reflect.TypeFor[v1alpha1.ExecutorPoolSpec]()
		for _, i := range index {
			field := kind.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			schema, kind = schema.Properties[name], field.Type
		}
		if kind.Kind() == reflect.Int32 {
			if schema.Minimum == nil || schema.Maximum == nil {
				panic(path + " has no minimum or no maximum in the CRD: add the markers and run make generate")
			}
			all = append(all, number{path, index, int64(*schema.Minimum), int64(*schema.Maximum)})
		}
	})
	return all
}

func (n number) set(spec *v1alpha1.ExecutorPoolSpec, value int64) {
	reflect.ValueOf(spec).Elem().FieldByIndex(n.index).SetInt(value)
}

// TestExecutorAcceptsEveryAdmittedPool sets each numeric field to both ends of its range in the
// CRD. The range of a flag must contain the range of its field.
func TestExecutorAcceptsEveryAdmittedPool(t *testing.T) {
	fields := numbers()
	if len(fields) < 10 {
		t.Fatalf("found only %d numeric fields", len(fields))
	}
	for _, n := range fields {
		for _, value := range []int64{n.least, n.most} {
			spec := pool().Spec
			n.set(&spec, value)
			if err := Settings(spec).Check(); err != nil {
				t.Errorf("%s: %d is valid in the CRD, and the executor fails: %v", n.path, value, err)
			}
		}
	}
}

// TestDefaultPoolUsesDefaultSettings compares the defaults of the CRD with those of the executor.
func TestDefaultPoolUsesDefaultSettings(t *testing.T) {
	if got, want := Settings(pool().Spec), settings.Default(); got != want {
		t.Errorf("the defaults of the CRD are %+v,\nthose of the executor %+v", got, want)
	}
}

// TestGracePeriodCoversDrain draws pools that the CRD admits, reads the rendered pod as the kubelet
// and the executor do, and adds up the longest times of all steps of a drain.
func TestGracePeriodCoversDrain(t *testing.T) {
	fields := numbers()
	rapid.Check(t, func(t *rapid.T) {
		p := pool()
		for _, n := range fields {
			n.set(&p.Spec, rapid.OneOf(rapid.Just(n.least), rapid.Just(n.most), rapid.Int64Range(n.least, n.most)).Draw(t, n.path))
		}
		pod, err := Pod(p, "registry.test/executor:1")
		if err != nil {
			t.Fatal(err)
		}
		c := pod.Spec.Containers[0]
		preStop := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
		wait, run := durationOf(t, c, "queue-wait"), durationOf(t, c, "timeout")
		hang := settings.ReportGrace + settings.HangTime + settings.ExitTime + settings.OrphanTime
		took := preStop + durationOf(t, c, "drain-delay") + wait + run + hang + settings.WriteTime
		grace := time.Duration(*pod.Spec.TerminationGracePeriodSeconds) * time.Second
		if took >= grace {
			t.Fatalf("a drain takes %s, and the grace period is %s", took, grace)
		}
		if grace > took+5*time.Second {
			t.Fatalf("a drain takes %s, and the grace period is %s: a pod that hangs stays too long", took, grace)
		}
	})
}

// durationOf returns the value of a flag of the container.
func durationOf(t *rapid.T, c corev1.Container, flag string) time.Duration {
	value := argument(c, flag)
	d, err := time.ParseDuration(value)
	if err != nil {
		t.Fatalf("--%s=%s: %v", flag, value, err)
	}
	return d
}

func argument(c corev1.Container, flag string) string {
	prefix := "--" + flag + "="
	i := slices.IndexFunc(c.Args, func(arg string) bool { return strings.HasPrefix(arg, prefix) })
	if i < 0 {
		return ""
	}
	return c.Args[i][len(prefix):]
}

// TestMemoryLimitIsExecutorsSum reads the flags of the rendered container into Settings, as the
// executor does, and compares the executor's memory sum with the limit and the volume.
func TestMemoryLimitIsExecutorsSum(t *testing.T) {
	p := pool()
	p.Spec.Workers, p.Spec.Threads, p.Spec.Limits.MemoryMiB, p.Spec.Limits.DiskMiB = 3, 5, 700, 9
	pod, err := Pod(p, "registry.test/executor:1")
	if err != nil {
		t.Fatal(err)
	}
	c := pod.Spec.Containers[0]
	read := func(flag string) int64 {
		n, err := strconv.ParseInt(argument(c, flag), 10, 64)
		if err != nil {
			t.Errorf("the pod has no --%s", flag)
		}
		return n
	}
	s := settings.Settings{
		Workers: read("workers"), Threads: read("threads"), MemoryMiB: read("memory-mib"), DiskMiB: read("disk-mib"),
		BufferMiB: read("buffer-mib"), CacheMiB: read("cache-mib"), MaxBodyMiB: read("max-body-mib"),
		QueueCapacity: read("queue-capacity"), OutputKiB: read("output-kib"),
	}
	limit, scratch := c.Resources.Limits[corev1.ResourceMemory], pod.Spec.Volumes[0].EmptyDir.SizeLimit
	if got, want := limit.Value(), s.Memory().Total<<20; got != want {
		t.Errorf("memory limit %d, and the executor needs %d", got, want)
	}
	if got, want := scratch.Value(), s.Memory().Scratch<<20; got != want {
		t.Errorf("scratch volume %d, and the executor needs %d", got, want)
	}
}
