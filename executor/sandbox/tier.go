package sandbox

import "fmt"

var tierNames = map[Tier]string{
	None:             "None",
	RestrictedLegacy: "RestrictedLegacy",
	Restricted:       "Restricted",
	Namespaced:       "Namespaced",
}

// String returns the name of the tier in results, metrics and pool specs.
func (t Tier) String() string {
	if name, ok := tierNames[t]; ok {
		return name
	}
	return fmt.Sprintf("Tier(%d)", int(t))
}

// ParseTier returns the tier with the given name, case-sensitively.
func ParseTier(name string) (Tier, error) {
	for tier, n := range tierNames {
		if n == name {
			return tier, nil
		}
	}
	return None, fmt.Errorf("isolation tier %q is unknown: use None, RestrictedLegacy, Restricted or Namespaced", name)
}
