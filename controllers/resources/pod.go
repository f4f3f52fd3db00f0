package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/settings"
)

// userID is the user and group of the executor image.
const userID = int64(10001)

// Pod returns a replica of the pool as the scheduler sees it.
func Pod(pool *v1alpha1.ExecutorPool, image string) (*corev1.Pod, error) {
	template, err := podTemplate(pool, image)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	return pod, convert(template, pod)
}

// podTemplate renders the pod template of the Deployment.
func podTemplate(pool *v1alpha1.ExecutorPool, image string) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	spec := pool.Spec
	s := Settings(spec)
	pod := securePod(pool).
		WithTerminationGracePeriodSeconds(s.Drain().GracePeriodSeconds()).
		WithContainers(container(spec, s, image)).
		WithVolumes(scratch(s))
	if err := schedule(pod, pool); err != nil {
		return nil, err
	}
	return corev1ac.PodTemplateSpec().WithLabels(Labels(pool)).WithSpec(pod), nil
}

// securePod returns what all pods of a pool share: no token, no rights, PodSecurity restricted.
func securePod(pool *v1alpha1.ExecutorPool) *corev1ac.PodSpecApplyConfiguration {
	pod := corev1ac.PodSpec().
		WithServiceAccountName(pool.Name).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithRunAsUser(userID).
			WithRunAsGroup(userID).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault)))
	if class := pool.Spec.Isolation.RuntimeClassName; class != "" {
		pod.WithRuntimeClassName(class)
	}
	return pod
}

// secureContainer returns the security context of every container of a pool, for the Pod Security
// Standard restricted.
func secureContainer() *corev1ac.SecurityContextApplyConfiguration {
	return corev1ac.SecurityContext().
		WithRunAsNonRoot(true).
		WithAllowPrivilegeEscalation(false).
		WithPrivileged(false).
		WithReadOnlyRootFilesystem(true).
		WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))
}

// container returns the container of a replica. Its command line is its only configuration: the
// executor reads nothing from the cluster.
func container(spec v1alpha1.ExecutorPoolSpec, s settings.Settings, image string) *corev1ac.ContainerApplyConfiguration {
	resources := Resources(spec)
	return corev1ac.Container().
		WithName(ContainerName).
		WithImage(image).
		WithArgs("serve").WithArgs(s.Arguments()...).
		WithPorts(corev1ac.ContainerPort().WithName(PortName).WithProtocol(protocolTCP).WithContainerPort(Port)).
		WithResources(corev1ac.ResourceRequirements().WithRequests(resources.Requests).WithLimits(resources.Limits)).
		WithSecurityContext(secureContainer()).
		WithVolumeMounts(corev1ac.VolumeMount().WithName(scratchVolume).WithMountPath(ScratchPath)).
		// A pod that is deleted while it starts would receive SIGTERM before the process has a handler.
		// The kernel drops such a signal for PID 1, and the pod would stay until the grace period ends.
		WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithSleep(corev1ac.SleepAction().WithSeconds(s.Drain().PreStopSeconds())))).
		// The process takes up to a second to start. An earlier probe would add a warning to the events
		// of each new pod.
		WithStartupProbe(probe(api.PathHealthz, 1, 5, 120).WithInitialDelaySeconds(1)).
		WithLivenessProbe(probe(api.PathHealthz, 10, 10, 6)).
		WithReadinessProbe(probe(api.PathReadyz, 2, 5, 3))
}

// probe returns an HTTP probe. Runs can keep all cores of a node busy, so the supervisor can answer
// late: the timeouts are long, and only a minute without an answer restarts the container, because
// a restart costs the submissions of all slots. The startup probe asks every second, so that a new
// replica becomes ready without delay.
func probe(path string, period, timeout, failures int32) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString(PortName))).
		WithPeriodSeconds(period).
		WithTimeoutSeconds(timeout).
		WithFailureThreshold(failures)
}

// scratch returns the only writable volume of a replica. It is in memory, because the kubelet
// enforces the size limit of a volume on disk by evicting the pod: one run that fills the disk
// would cost the submissions of all slots. A full tmpfs only returns ENOSPC. Its pages count
// towards the container's memory, so the memory sum includes its size.
func scratch(s settings.Settings) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().
		WithName(scratchVolume).
		WithEmptyDir(corev1ac.EmptyDirVolumeSource().
			WithMedium(corev1.StorageMediumMemory).
			WithSizeLimit(mebibytes(s.Memory().Scratch)))
}
