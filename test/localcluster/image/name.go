package image

import "strings"

// FullName returns the complete name of an image, as a container runtime does:
// executorpool/executor:dev becomes docker.io/executorpool/executor:dev, and a name without a tag
// gets the tag latest.
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

// fileName returns the file name for an image name.
func fileName(name string) string {
	return strings.NewReplacer("/", "_", ":", "_", "@", "_").Replace(FullName(name))
}
