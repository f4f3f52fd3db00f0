package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	// lifetime is the validity of every certificate. A certificate with less than renewBefore left is
	// replaced.
	lifetime    = 10 * 365 * 24 * time.Hour
	renewBefore = 30 * 24 * time.Hour
	// Authority is the base name of the files of the certificate authority. ServiceAccounts is that of
	// the key that signs service-account tokens.
	Authority       = "ca"
	ServiceAccounts = "service-accounts"
)

// Certificate describes a certificate that the cluster's authority signs, for clients and servers.
type Certificate struct {
	// Name is the base name of the files Name.crt and Name.key.
	Name string
	// User and Groups are the identity that the API server gives to a client with this certificate.
	User   string
	Groups []string
	// Hosts are the names and addresses for which the certificate is valid.
	Hosts []string
}

// Ensure makes sure that dir holds the authority, the service-account key and certs, and that none
// is about to expire. If one is missing, Ensure makes all of them again, so that they always belong
// together.
func Ensure(dir string, certs []Certificate, now time.Time) error {
	if complete(dir, certs, now) {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	authority, authorityKey, err := newAuthority(dir, now)
	if err != nil {
		return fmt.Errorf("make the certificate authority: %w", err)
	}
	for i, cert := range certs {
		if err := issue(dir, cert, int64(i)+2, authority, authorityKey, now); err != nil {
			return fmt.Errorf("make the certificate %s: %w", cert.Name, err)
		}
	}
	if err := newServiceAccountKey(dir); err != nil {
		return fmt.Errorf("make the service-account key: %w", err)
	}
	return nil
}

func complete(dir string, certs []Certificate, now time.Time) bool {
	names := []string{Authority}
	for _, cert := range certs {
		names = append(names, cert.Name)
	}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, name+".crt"))
		if err != nil {
			return false
		}
		block, _ := pem.Decode(content)
		if block == nil {
			return false
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil || now.Add(renewBefore).After(parsed.NotAfter) {
			return false
		}
		if _, err := os.Stat(filepath.Join(dir, name+".key")); err != nil {
			return false
		}
	}
	// This file is written last. If it is missing, an earlier Ensure did not finish.
	_, err := os.Stat(filepath.Join(dir, ServiceAccounts+".pub"))
	return err == nil
}

func newAuthority(dir string, now time.Time) (*x509.Certificate, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "executorpool-local"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(signed)
	if err != nil {
		return nil, nil, err
	}
	return parsed, key, writePair(dir, Authority, signed, key)
}

func issue(dir string, cert Certificate, serial int64, authority *x509.Certificate, by crypto.Signer, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: cert.User, Organization: cert.Groups},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	for _, host := range cert.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), by)
	if err != nil {
		return err
	}
	return writePair(dir, cert.Name, signed, key)
}

func newServiceAccountKey(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return errors.Join(
		writeKey(dir, ServiceAccounts, key),
		writePEM(filepath.Join(dir, ServiceAccounts+".pub"), "PUBLIC KEY", public),
	)
}

func writePair(dir, name string, cert []byte, key *ecdsa.PrivateKey) error {
	return errors.Join(
		writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", cert),
		writeKey(dir, name, key),
	)
}

func writeKey(dir, name string, key *ecdsa.PrivateKey) error {
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(filepath.Join(dir, name+".key"), "PRIVATE KEY", encoded)
}

func writePEM(path, kind string, content []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}
