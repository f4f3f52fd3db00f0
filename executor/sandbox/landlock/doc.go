// Package landlock creates the restrictions of files, network and scope for the runs of one slot.
//
// A Ruleset is a kernel object behind a descriptor: New creates it and Allow adds rules for file
// hierarchies. A process that enters it (landlock_restrict_self, see package spawn) and its
// descendants lose every other right for good. Package sandbox decides what runs may reach.
package landlock
