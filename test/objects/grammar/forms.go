package grammar

// Number is the range of a number of a statement.
type Number struct {
	// Max is the highest number; 0 means that the statement lacks the number.
	Max int64
	// Choice draws all numbers from 0 to Max with equal probability. Otherwise the numbers are sizes
	// from 1 to Max, and a program has mostly small ones, sizes of all magnitudes, or mostly large
	// ones.
	Choice bool
}

// Form describes the statements of one name.
type Form struct {
	Name  string
	A, B  Number
	Block bool
	// Weight is the relative frequency of the name.
	Weight int
}

func size(highest int64) Number   { return Number{Max: highest} }
func choice(highest int64) Number { return Number{Max: highest, Choice: true} }

// none is the range of an absent number.
var none = Number{}

// forms has the order of the table in objects.c.
var forms = []Form{
	// Memory: KiB, MiB of a reservation, page tables, huge pages, areas, milliseconds.
	{"heap", size(1 << 19), none, false, 3},
	{"private", size(1 << 19), none, false, 3},
	{"reserve", size(1 << 20), none, false, 2},
	{"page_tables", size(1 << 17), none, false, 4},
	{"huge", size(256), none, false, 3},
	{"shared_file", size(1 << 17), choice(1), false, 3},
	{"shared_anonymous", size(1 << 18), none, false, 2},
	{"memfd", size(1 << 18), none, false, 2},
	{"areas", size(32000), none, false, 3},
	{"remap", size(2000), size(1 << 12), false, 2},
	{"protect", size(1000), none, false, 3},
	{"advise", choice(11), none, false, 2},
	{"unmap", none, none, false, 2},
	{"lock", size(1 << 12), choice(1), false, 1},
	{"stack", size(1 << 16), none, false, 1},
	{"break", size(1 << 18), none, false, 1},
	// Files: counts, KiB, MiB of a hole.
	{"files", size(5000), size(1 << 12), false, 3},
	{"unlinked", size(1000), size(1 << 14), false, 4},
	{"unnamed", size(1 << 17), none, false, 2},
	{"unlinked_maps", size(500), size(1 << 14), false, 4},
	{"sparse", size(2000), size(1 << 10), false, 2},
	{"fallocate", size(1 << 18), choice(1), false, 3},
	{"punch", size(1000), size(1 << 14), false, 2},
	{"directories", size(5000), choice(1), false, 3},
	{"links", size(5000), choice(1), false, 2},
	{"fifos", size(1000), none, false, 1},
	{"opens", size(5000), choice(3), false, 2},
	{"duplicates", size(5000), none, false, 1},
	{"locks", size(20000), choice(1), false, 3},
	{"list", size(1000), none, false, 1},
	{"rename", size(5000), none, false, 1},
	{"send_file", size(1 << 15), none, false, 1},
	// Channels: counts, KiB in each, microseconds of a timer.
	{"pipes", size(2000), size(1 << 10), false, 4},
	{"pairs", size(2000), size(1 << 12), false, 4},
	{"messages", size(20000), none, false, 2},
	{"in_flight", size(1000), size(1 << 14), false, 4},
	{"epoll", size(500), size(500), false, 4},
	{"events", size(2000), choice(3), false, 1},
	{"timer_descriptors", size(2000), size(1 << 20), false, 2},
	{"signal_descriptors", size(2000), none, false, 1},
	{"timers", size(20000), size(1 << 20), false, 3},
	{"interval", size(1 << 20), choice(2), false, 1},
	{"queued_signals", size(50000), choice(3), false, 3},
	{"watchers", size(500), size(500), false, 2},
	{"aio", size(500), size(1 << 14), false, 3},
	{"landlock", size(500000), none, false, 3},
	{"filters", size(2000), size(4095), false, 3},
	{"splice", size(1000), size(1 << 12), false, 2},
	{"tee", size(1000), size(1 << 10), false, 2},
	{"vmsplice", size(5000), choice(1), false, 4},
	{"special", size(2000), choice(13), false, 3},
	// Processes: kinds, milliseconds, codes.
	{"ignore_children", choice(1), none, false, 3},
	{"ignore_signals", none, none, false, 1},
	{"block_signals", none, none, false, 1},
	{"signal", choice(7), choice(3), false, 2},
	{"wait", size(1000), none, false, 2},
	{"priority", choice(5), choice(19), false, 1},
	{"set_session", none, none, false, 1},
	{"set_group", choice(1), none, false, 1},
	{"resource", choice(15), size(1 << 30), false, 1},
	{"control", choice(5), none, false, 1},
	{"wait_on_address", size(500), none, false, 1},
	{"sleep", size(3000), none, false, 3},
	{"spin", size(2000), none, false, 2},
	{"pause", none, none, false, 1},
	{"exit", choice(3), none, false, 1},
	{"exit_thread", none, none, false, 1},
	{"abort", none, none, false, 1},
	{"print", size(1 << 14), choice(1), false, 1},
	{"close", choice(2), none, false, 1},
	{"execute_other", none, none, false, 1},
	// Blocks: counts, kinds of clone.
	{"fork", size(70), none, true, 10},
	{"vfork", size(100), none, true, 3},
	{"clone", choice(16), size(500), true, 5},
	{"thread", size(500), none, true, 6},
	{"repeat", size(100), none, true, 5},
	{"dead_leader", none, none, true, 5},
	{"orphan", none, none, true, 4},
	{"session", none, none, true, 3},
	{"execute", size(40), none, true, 3},
}

// Forms returns the forms of all statements.
func Forms() []Form { return forms }
