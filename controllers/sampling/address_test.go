package sampling

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestAddressRefused(t *testing.T) {
	for address, want := range map[string]bool{
		"10.0.0.1": false, "192.168.1.1": false, "100.64.0.1": false, "203.0.113.7": false, "fd00::1": false, "2001:db8::1": false,
		"::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::1": false,
		"127.0.0.1": true, "127.9.9.9": true, "0.0.0.0": true, "0.1.2.3": true, "169.254.169.254": true, "224.0.0.1": true, "255.255.255.255": true,
		"::": true, "::1": true, "fe80::1": true, "fe80::1%eth0": true, "febf::1": true, "ff02::1": true,
		"::ffff:127.0.0.1": true, "::ffff:0.0.0.0": true, "::ffff:169.254.169.254": true, "::127.0.0.1": true,
		"64:ff9b::7f00:1": true, "64:ff9b::a9fe:a9fe": true, "2002:7f00:1::1": true, "2002:a9fe:a9fe::": true, "::ffff:0:127.0.0.1": true,
		"100.100.100.200": true, "168.63.129.16": true, "fd00:ec2::254": true,
	} {
		if got := refused(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: refused %v, want %v", address, got, want)
		}
	}
}

// TestPrometheusReachesNoOwnAddress names a server of this machine in each way. Without the check
// of the dialer the server answers.
func TestPrometheusReachesNoOwnAddress(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// A proxy must not connect in place of the dialer.
	t.Setenv("HTTP_PROXY", server.URL)
	t.Setenv("http_proxy", server.URL)
	for _, host := range []string{"127.0.0.1", "127.1.2.3", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]", "[::]"} {
		_, err := NewPrometheus(nil).Query("http://"+host+":"+port, "up").Waiting(t.Context())
		if err == nil || !strings.Contains(err.Error(), "scaling.source.prometheus.address http://"+host) || !strings.Contains(err.Error(), "leads to a loopback") {
			t.Errorf("%s: %v, want that it leads to a refused address", host, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
	_, _ = NewPrometheus((&net.Dialer{}).DialContext).Query(server.URL, "up").Waiting(t.Context())
	if asked.Load() == 0 {
		t.Error("without the check of the dialer the server is not asked either: the test proves nothing")
	}
}

// TestOwnAddressRefusedAtDial gives the dialer a name server whose answer changes, and an interface
// of this machine.
func TestOwnAddressRefusedAtDial(t *testing.T) {
	own := func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("10.1.2.3"), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("fd00::7"), Mask: net.CIDRMask(64, 128)}}, nil
	}
	control := onlyServers(own)
	for address, want := range map[string]error{
		"10.1.2.4:9090":            nil,
		"[fd00::8]:9090":           nil,
		"10.1.2.3:8443":            errRefusedAddress,
		"[::ffff:10.1.2.3]:8081":   errRefusedAddress,
		"[fd00::7]:8081":           errRefusedAddress,
		"127.0.0.1:9090":           errRefusedAddress,
		"[fe80::1%eth0]:9090":      errRefusedAddress,
		"[::ffff:169.254.1.1]:80":  errRefusedAddress,
		"[64:ff9b::a9fe:a9fe]:443": errRefusedAddress,
	} {
		if err := control("tcp", address, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	if err := onlyServers(func() ([]net.Addr, error) { return nil, net.ErrClosed })("tcp", "10.1.2.4:9090", nil); err == nil {
		t.Error("an address is accepted although those of the machine are unknown")
	}
	// The name resolves to a loopback address when the dialer connects.
	dialer := &net.Dialer{Control: control}
	if _, err := dialer.DialContext(context.Background(), "tcp", "localhost:1"); !errors.Is(err, errRefusedAddress) {
		t.Errorf("localhost: %v, want that it is refused", err)
	}
}
