package envtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

// createRoles creates the generated roles without changes. The namespaced role is in the namespace
// of the manager.
func createRoles(ctx context.Context) error {
	data, err := os.ReadFile(filepath.Join("..", "..", "config", "rbac", "role.yaml"))
	if err != nil {
		return fmt.Errorf("read the generated roles: %w", err)
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("split the generated roles: %w", err)
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return fmt.Errorf("read a generated role: %w", err)
		}
		var role client.Object = &rbacv1.ClusterRole{}
		if kind.Kind == "Role" {
			role = &rbacv1.Role{}
		}
		if err := yaml.UnmarshalStrict(document, role); err != nil {
			return fmt.Errorf("read a generated %s: %w", kind.Kind, err)
		}
		if kind.Kind == "Role" {
			role.SetNamespace(systemNamespace)
		}
		if err := admin.Create(ctx, role); err != nil {
			return fmt.Errorf("create %s %s: %w", kind.Kind, role.GetName(), err)
		}
	}
}

func user(name string) (*rest.Config, error) {
	added, err := environment.AddUser(envtest.User{Name: name}, nil)
	if err != nil {
		return nil, fmt.Errorf("add user %s: %w", name, err)
	}
	config := added.Config()
	config.QPS, config.Burst = 200, 400
	return config, nil
}

func bindEverywhere(ctx context.Context, user string) error {
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "manager"},
		Subjects:   subjects(user),
	}
	if err := admin.Create(ctx, binding); err != nil {
		return fmt.Errorf("bind the ClusterRole: %w", err)
	}
	return bindOwn(ctx, user)
}

// bindIn binds the rules of the ClusterRole to the user in one namespace, as namespaced mode does.
func bindIn(ctx context.Context, user, namespace string) error {
	return admin.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user, Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "manager"},
		Subjects:   subjects(user),
	})
}

func bindOwn(ctx context.Context, user string) error {
	return admin.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user + "-own", Namespace: systemNamespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "manager"},
		Subjects:   subjects(user),
	})
}

func subjects(user string) []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
}
