package resources

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// Parts of the grace period in seconds; see GracePeriodSeconds.
const (
	preStopSeconds     = 2
	drainDelaySeconds  = 5
	graceMarginSeconds = 20
)

// userID is the user and group of the executor image.
const userID = int64(10001)

// GracePeriodSeconds returns the time in which a replica drains without losing a submission: the preStop
// hook, the drain delay, the longest queue wait, the longest service time, and a margin in which a hung
// worker is replaced and the last answers are written. docs/adr/0002-drain-at-sigterm.md explains the
// parts.
func GracePeriodSeconds(spec v1alpha1.ExecutorPoolSpec) int64 {
	return preStopSeconds + drainDelaySeconds + int64(spec.Queue.MaxWaitSeconds) + int64(spec.TimeoutSeconds) + graceMarginSeconds
}

// Pod returns a replica of the pool as the scheduler sees it.
func Pod(pool *v1alpha1.ExecutorPool, image string) (*corev1.Pod, error) {
	template, err := podTemplate(pool, image)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	return pod, convert(template, pod)
}

func podTemplate(pool *v1alpha1.ExecutorPool, image string) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	spec := pool.Spec
	pod := securePod(pool).
		WithTerminationGracePeriodSeconds(GracePeriodSeconds(spec)).
		WithContainers(container(spec, image)).
		WithVolumes(scratch(spec))
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

func secureContainer() *corev1ac.SecurityContextApplyConfiguration {
	return corev1ac.SecurityContext().
		WithRunAsNonRoot(true).
		WithAllowPrivilegeEscalation(false).
		WithPrivileged(false).
		WithReadOnlyRootFilesystem(true).
		WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))
}

func container(spec v1alpha1.ExecutorPoolSpec, image string) *corev1ac.ContainerApplyConfiguration {
	resources := Resources(spec)
	return corev1ac.Container().
		WithName(ContainerName).
		WithImage(image).
		WithArgs(arguments(spec)...).
		WithPorts(corev1ac.ContainerPort().WithName(PortName).WithProtocol(protocolTCP).WithContainerPort(Port)).
		WithResources(corev1ac.ResourceRequirements().WithRequests(resources.Requests).WithLimits(resources.Limits)).
		WithSecurityContext(secureContainer()).
		WithVolumeMounts(corev1ac.VolumeMount().WithName(scratchVolume).WithMountPath(ScratchPath)).
		// A pod that is deleted while it starts would receive SIGTERM before the process has a handler.
		// The kernel drops such a signal for PID 1, and the pod would stay until the grace period ends.
		WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithSleep(corev1ac.SleepAction().WithSeconds(preStopSeconds)))).
		// The process takes up to a second to start. An earlier probe would add a warning to the events
		// of each new pod.
		WithStartupProbe(probe("/healthz", 1, 5, 120).WithInitialDelaySeconds(1)).
		WithLivenessProbe(probe("/healthz", 10, 10, 6)).
		WithReadinessProbe(probe("/readyz", 2, 5, 3))
}

// arguments returns the command line of a replica, its only configuration: the executor reads nothing
// from the cluster.
func arguments(spec v1alpha1.ExecutorPoolSpec) []string {
	return []string{
		"serve",
		fmt.Sprintf("--listen=:%d", Port),
		fmt.Sprintf("--workers=%d", spec.Workers),
		fmt.Sprintf("--threads=%d", spec.Threads),
		fmt.Sprintf("--timeout=%ds", spec.TimeoutSeconds),
		fmt.Sprintf("--queue-capacity=%d", spec.Queue.Capacity),
		fmt.Sprintf("--queue-wait=%ds", spec.Queue.MaxWaitSeconds),
		fmt.Sprintf("--cpu-millis=%d", spec.Limits.CPUMillis),
		fmt.Sprintf("--memory-mib=%d", spec.Limits.MemoryMiB),
		fmt.Sprintf("--output-kib=%d", spec.Limits.OutputKiB),
		fmt.Sprintf("--processes=%d", spec.Limits.Processes),
		fmt.Sprintf("--disk-mib=%d", spec.Limits.DiskMiB),
		fmt.Sprintf("--recycle-after=%d", spec.RecycleAfter),
		fmt.Sprintf("--minimum-tier=%s", spec.Isolation.MinimumTier),
		fmt.Sprintf("--drain-delay=%ds", drainDelaySeconds),
		"--scratch=" + ScratchPath,
	}
}

// probe returns an HTTP probe. Runs can keep all cores of a node busy, so the supervisor can answer
// late: the timeouts are long, and only a minute without an answer restarts the container, because a
// restart costs the submissions of all slots. The startup probe asks every second, so that a new
// replica becomes ready without delay.
func probe(path string, period, timeout, failures int32) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString(PortName))).
		WithPeriodSeconds(period).
		WithTimeoutSeconds(timeout).
		WithFailureThreshold(failures)
}

// scratch returns the only writable volume of a replica. It is in memory, because the kubelet enforces
// the size limit of a volume on disk by evicting the pod: one run that fills the disk would cost the
// submissions of all slots. A full tmpfs only returns ENOSPC. Its pages count towards the container's
// memory, so Resources adds its size.
func scratch(spec v1alpha1.ExecutorPoolSpec) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().
		WithName(scratchVolume).
		WithEmptyDir(corev1ac.EmptyDirVolumeSource().
			WithMedium(corev1.StorageMediumMemory).
			WithSizeLimit(ScratchSize(spec)))
}
