package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	now  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want = []Certificate{{Name: "server", User: "server", Groups: []string{"g"}, Hosts: []string{"localhost", "127.0.0.1"}}}
)

func read(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name+".crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestEnsureSignsForHosts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	if err := Ensure(dir, want, now); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(read(t, dir, Authority))
	server := read(t, dir, "server")
	for _, host := range want[0].Hosts {
		if _, err := server.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("verify for %s: %v", host, err)
		}
	}
	if diff := cmp.Diff(want[0].Groups, server.Subject.Organization); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("key's mode is %s", info.Mode())
	}
}

func TestEnsureRenewsWhatIsNotWhole(t *testing.T) {
	for name, tc := range map[string]struct {
		harm  func(dir string) error
		later time.Duration
		renew bool
	}{
		"whole":           {harm: func(string) error { return nil }},
		"key missing":     {harm: func(dir string) error { return os.Remove(filepath.Join(dir, "server.key")) }, renew: true},
		"cut short":       {harm: func(dir string) error { return os.Remove(filepath.Join(dir, ServiceAccounts+".pub")) }, renew: true},
		"not a cert":      {harm: func(dir string) error { return os.WriteFile(filepath.Join(dir, "ca.crt"), []byte("x"), 0o600) }, renew: true},
		"about to expire": {harm: func(string) error { return nil }, later: lifetime - renewBefore/2, renew: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "pki")
			if err := Ensure(dir, want, now); err != nil {
				t.Fatal(err)
			}
			before := read(t, dir, Authority)
			if err := tc.harm(dir); err != nil {
				t.Fatal(err)
			}
			if err := Ensure(dir, want, now.Add(tc.later)); err != nil {
				t.Fatal(err)
			}
			if renewed := !before.Equal(read(t, dir, Authority)); renewed != tc.renew {
				t.Errorf("renewed: %t, want %t", renewed, tc.renew)
			}
		})
	}
}
