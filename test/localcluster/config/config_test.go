package config

import (
	"encoding/json"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"executorpool.dev/test/localcluster/binary"
	"executorpool.dev/test/localcluster/layout"
)

var here = layout.Layout{Cache: "/cache"}

func TestFilesAreWellFormed(t *testing.T) {
	for path, content := range Files(here) {
		t.Run(path, func(t *testing.T) {
			var err error
			switch {
			case strings.HasSuffix(path, ".yaml"), strings.HasSuffix(path, "kubeconfig"):
				err = yaml.UnmarshalStrict([]byte(content), &map[string]any{})
			case strings.HasSuffix(path, ".conflist"), strings.HasSuffix(path, ".json"):
				err = json.Unmarshal([]byte(content), &map[string]any{})
			}
			if err != nil {
				t.Error(err)
			}
			if strings.Contains(content, "%!") {
				t.Errorf("a format went wrong:\n%s", content)
			}
		})
	}
}

func TestFilesAreTheSameEachTime(t *testing.T) {
	if diff := cmp.Diff(Files(here), Files(here)); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

// A component is restarted if a file in its Reads changes, so each of these files must be written.
func TestComponentsReadWrittenFiles(t *testing.T) {
	files := Files(here)
	for _, component := range Components(here) {
		t.Run(component.Name, func(t *testing.T) {
			for _, path := range component.Reads {
				if _, written := files[path]; !written {
					t.Errorf("%s is never written", path)
				}
			}
		})
	}
}

func TestComponentsUseIssuedKeys(t *testing.T) {
	issued := map[string]bool{"ca": true, "service-accounts": true}
	for _, cert := range Certificates() {
		issued[cert.Name] = true
	}
	used := regexp.MustCompile(`/cache/cluster/pki/([a-z-]+)\.(?:crt|key|pub)`)
	var texts []string
	for _, content := range Files(here) {
		texts = append(texts, content)
	}
	for _, component := range Components(here) {
		texts = append(texts, strings.Join(component.Argv, " "))
	}
	for _, text := range texts {
		for _, match := range used.FindAllStringSubmatch(text, -1) {
			if !issued[match[1]] {
				t.Errorf("%s is used but never issued", match[0])
			}
		}
	}
}

func TestNetworksAreApart(t *testing.T) {
	pods, services := netip.MustParsePrefix(layout.PodCIDR), netip.MustParsePrefix(layout.ServiceCIDR)
	if pods.Overlaps(services) {
		t.Errorf("pods' network %s and Services' %s overlap", pods, services)
	}
	if !pods.Contains(netip.MustParseAddr(layout.NodeIP)) || !services.Contains(netip.MustParseAddr(layout.ServiceIP)) {
		t.Error("an address is outside its network")
	}
}

func TestVersionIsTheModules(t *testing.T) {
	module, err := os.ReadFile("../kubernetes/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "k8s.io/kubernetes " + binary.KubernetesVersion; !strings.Contains(string(module), want) {
		t.Errorf("kubernetes/go.mod does not require %s", want)
	}
}
