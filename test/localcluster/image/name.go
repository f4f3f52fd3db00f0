package image

import "strings"

// FullName completes an image's name as a container runtime does: executorpool/executor:dev is
// docker.io/executorpool/executor:dev, and a name without a tag is :latest.
func FullName(name string) string {
	first, _, slash := strings.Cut(name, "/")
	switch {
	case !slash:
		name = "docker.io/library/" + name
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		name = "docker.io/" + name
	}
	if last := name[strings.LastIndexByte(name, '/')+1:]; !strings.ContainsAny(last, ":@") {
		name += ":latest"
	}
	return name
}

// fileName turns an image's name into a file's.
func fileName(name string) string {
	return strings.NewReplacer("/", "_", ":", "_", "@", "_").Replace(FullName(name))
}
