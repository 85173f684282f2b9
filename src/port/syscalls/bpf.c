/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By BPF programs on two raw tracepoints, written out here instruction by instruction: sys_enter
 * (each system call) and cap_capable (each question for a capability; Linux 6.14). They set one
 * byte per number in an array that is mapped here, for tasks of the container's PID namespace that
 * are not the runtime's any more.
 *
 *	struct bpf_seen at the map's only value:
 *	 0     calls         a byte a number
 *	 1024  capabilities  a byte a number
 *	 1088  odd           a number past the table
 */
#include "port/syscalls/types.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct bpf_seen {
	uint8_t calls[SYSCALL_NUMBERS];
	uint8_t capabilities[CAPABILITY_NUMBERS];
	uint8_t odd;
};

struct bpf_recorder {
	uint32_t audit;
	int map;
	struct bpf_seen *seen;
	int calls;	  /* the tracepoint it is attached to */
	int capabilities; /* -1: this kernel has no such tracepoint */
};

enum {
	MAP_BYTES = 4096,
	PROGRAM_MAX = 64,
	LOG_BYTES = 4096,
	LOAD_WIDE = BPF_LD | BPF_DW, /* of an immediate value: BPF_IMM is 0 */
};

static int
bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

/* ---- a small assembler ---- */

enum label { LABEL_NONE, LABEL_MINE, LABEL_ODD, LABEL_OUT, LABELS };

struct program {
	struct bpf_insn code[PROGRAM_MAX];
	enum label jumps[PROGRAM_MAX];
	size_t places[LABELS];
	size_t n;
};

static void
emit(struct program *program, int code, int to, int from, int offset, int32_t value)
{
	program->code[program->n++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(to & 15),
		.src_reg = (uint8_t)(from & 15),
		.off = (int16_t)offset,
		.imm = value,
	};
}

static void
emit_wide(struct program *program, int to, int kind, uint64_t value)
{
	emit(program, LOAD_WIDE, to, kind, 0, (int32_t)(uint32_t)value);
	emit(program, 0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

static void
emit_move(struct program *program, int to, int from)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static void
emit_set(struct program *program, int to, int32_t value)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

static void
emit_add(struct program *program, int to, int32_t value)
{
	emit(program, BPF_ALU64 | BPF_ADD, to, 0, 0, value); /* BPF_K is 0 */
}

static void
emit_load(struct program *program, int to, int from, int offset)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_DW, to, from, offset, 0);
}

static void
emit_call(struct program *program, int32_t helper)
{
	emit(program, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void
emit_jump(struct program *program, int condition, int a, int32_t value, enum label to)
{
	program->jumps[program->n] = to;
	emit(program, BPF_JMP | BPF_K | condition, a, 0, 0, value);
}

static void
emit_jump_equal(struct program *program, int condition, int a, int b, enum label to)
{
	program->jumps[program->n] = to;
	emit(program, BPF_JMP | BPF_X | condition, a, b, 0, 0);
}

static void
emit_label(struct program *program, enum label label)
{
	program->places[label] = program->n;
}

static void
resolve(struct program *program)
{
	for (size_t i = 0; i < program->n; i++) {
		if (program->jumps[i] != LABEL_NONE)
			program->code[i].off =
				(int16_t)(program->places[program->jumps[i]] - i - 1);
	}
}

/* ---- the programs ---- */

/* Out, unless the task is in the namespace and does not have the runtime's name; r6: context. */
static void
emit_mine(struct program *program, uint64_t device, uint64_t inode,
	  const struct syscalls_comm *runtime)
{
	uint64_t halves[2];

	memcpy(halves, runtime->text, sizeof(halves));
	emit_move(program, BPF_REG_6, BPF_REG_1);
	emit_wide(program, BPF_REG_1, 0, device);
	emit_wide(program, BPF_REG_2, 0, inode);
	emit_move(program, BPF_REG_3, BPF_REG_10);
	emit_add(program, BPF_REG_3, -8);
	emit_set(program, BPF_REG_4, 8);
	emit_call(program, BPF_FUNC_get_ns_current_pid_tgid);
	emit_jump(program, BPF_JNE, BPF_REG_0, 0, LABEL_OUT);

	emit(program, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -16, 0);
	emit(program, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -24, 0);
	emit_move(program, BPF_REG_1, BPF_REG_10);
	emit_add(program, BPF_REG_1, -24);
	emit_set(program, BPF_REG_2, 16);
	emit_call(program, BPF_FUNC_get_current_comm);
	emit_load(program, BPF_REG_1, BPF_REG_10, -24);
	emit_wide(program, BPF_REG_2, 0, halves[0]);
	emit_jump_equal(program, BPF_JNE, BPF_REG_1, BPF_REG_2, LABEL_MINE);
	emit_load(program, BPF_REG_1, BPF_REG_10, -16);
	emit_wide(program, BPF_REG_2, 0, halves[1]);
	emit_jump_equal(program, BPF_JEQ, BPF_REG_1, BPF_REG_2, LABEL_OUT);
	emit_label(program, LABEL_MINE);
}

/* seen[r7] = 1; and the end. */
static void
emit_mark(struct program *program, int map)
{
	emit_wide(program, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, (uint32_t)map);
	emit(program, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_7, 0, 0);
	emit(program, BPF_ST | BPF_MEM | BPF_B, BPF_REG_1, 0, 0, 1);
	emit_label(program, LABEL_OUT);
	emit_set(program, BPF_REG_0, 0);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* sys_enter(struct pt_regs *regs, long id) */
static void
emit_calls(struct program *program, int map)
{
	emit_load(program, BPF_REG_7, BPF_REG_6, 8);
	/* -1: a filter or a tracer has taken the call back */
	emit_jump(program, BPF_JEQ, BPF_REG_7, -1, LABEL_OUT);
	emit_jump(program, BPF_JGE, BPF_REG_7, SYSCALL_NUMBERS, LABEL_ODD);
	emit_mark(program, map);
	emit_label(program, LABEL_ODD);
	emit_wide(program, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, (uint32_t)map);
	emit(program, BPF_ST | BPF_MEM | BPF_B, BPF_REG_1, 0, offsetof(struct bpf_seen, odd), 1);
	emit_set(program, BPF_REG_0, 0);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* cap_capable(cred, target_ns, capable_ns, int cap, int ret): those that were there */
static void
emit_capabilities(struct program *program, int map)
{
	emit_load(program, BPF_REG_7, BPF_REG_6, 32);
	emit_jump(program, BPF_JNE, BPF_REG_7, 0, LABEL_OUT);
	emit_load(program, BPF_REG_7, BPF_REG_6, 24);
	emit_jump(program, BPF_JGE, BPF_REG_7, CAPABILITY_NUMBERS, LABEL_OUT);
	emit_add(program, BPF_REG_7, offsetof(struct bpf_seen, capabilities));
	emit_mark(program, map);
}

static int
load(struct program *program, struct err *err)
{
	char log[LOG_BYTES] = "";
	union bpf_attr attributes = {0};

	resolve(program);
	attributes.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attributes.insns = (uint64_t)(uintptr_t)program->code;
	attributes.insn_cnt = (uint32_t)program->n;
	attributes.license = (uint64_t)(uintptr_t) "Apache-2.0";
	attributes.log_buf = (uint64_t)(uintptr_t)log;
	attributes.log_size = sizeof(log);
	attributes.log_level = 4; /* statistics only: a full log is an error of its own */
	int fd = bpf(BPF_PROG_LOAD, &attributes);
	return fd < 0 ? err_sys(err, ERR_UNSUPPORTED, errno, "the kernel takes no BPF program")
		      : fd;
}

/* Attaches what `emit_rest` makes to a tracepoint: the descriptor that holds it. */
static int
attach(const struct bpf_recorder *recorder, const char *tracepoint,
       void (*emit_rest)(struct program *program, int map), const struct stat *space,
       const struct syscalls_comm *runtime, struct err *err)
{
	struct program program = {0};
	union bpf_attr attributes = {0};
	/* the kernel's own encoding of a device number */
	uint64_t device = (uint64_t)major(space->st_dev) << 20 | minor(space->st_dev);

	emit_mine(&program, device, space->st_ino, runtime);
	emit_rest(&program, recorder->map);
	CLEANUP(fd_cleanup) int fd = load(&program, err);
	if (fd < 0)
		return fd;
	attributes.raw_tracepoint.name = (uint64_t)(uintptr_t)tracepoint;
	attributes.raw_tracepoint.prog_fd = (uint32_t)fd;
	int link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attributes);
	return link < 0 ? err_sys(err, ERR_UNSUPPORTED, errno, "no tracepoint %s", tracepoint)
			: link;
}

/* ---- the recorder ---- */

static int
make_map(struct bpf_recorder *recorder, struct err *err)
{
	union bpf_attr attributes = {0};

	attributes.map_type = BPF_MAP_TYPE_ARRAY;
	attributes.key_size = sizeof(uint32_t);
	attributes.value_size = MAP_BYTES;
	attributes.max_entries = 1;
	attributes.map_flags = BPF_F_MMAPABLE;
	recorder->map = bpf(BPF_MAP_CREATE, &attributes);
	if (recorder->map < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno, "the kernel takes no BPF map");
	void *seen = mmap(NULL, MAP_BYTES, PROT_READ, MAP_SHARED, recorder->map, 0);
	if (seen == MAP_FAILED)
		return err_sys(err, ERR_UNSUPPORTED, errno, "cannot map a BPF array");
	recorder->seen = seen;
	return 0;
}

/* All that can be refused is tried at once, on this process's own namespace. */
static int
rehearse(struct bpf_recorder *recorder, struct err *err)
{
	const struct syscalls_comm nobody = {"-"};
	struct stat space = {0};

	if (stat("/proc/self/ns/pid", &space) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno, "cannot read /proc/self/ns/pid");
	space.st_ino = 0; /* matches no task */
	CLEANUP(fd_cleanup)
	int link = attach(recorder, "sys_enter", emit_calls, &space, &nobody, err);
	return link < 0 ? link : 0;
}

static void
bpf_free(void *context)
{
	struct bpf_recorder *recorder = context;

	fd_cleanup(&recorder->calls);
	fd_cleanup(&recorder->capabilities);
	if (recorder->seen)
		(void)munmap(recorder->seen, MAP_BYTES);
	fd_cleanup(&recorder->map);
}

static int
bpf_prepare(const struct syscalls_options *options, struct arena *arena, void **ret,
	    struct err *err)
{
	struct bpf_recorder *recorder = arena_alloc(arena, sizeof(*recorder));

	if (!recorder)
		return err_memory(err);
	/* numbers are those of the machine's own ABI: no other one is told apart */
	if (!span_equal(options->architecture, syscalls_native()) ||
	    !seccomp_abis(options->architecture))
		return err_set(err, ERR_UNSUPPORTED,
			       "BPF counts the calls of the machine's own architecture only");
	*recorder = (struct bpf_recorder){.map = -1,
					  .calls = -1,
					  .capabilities = -1,
					  .audit = seccomp_abis(options->architecture)->audit};
	int r = make_map(recorder, err);
	if (r == 0)
		r = rehearse(recorder, err);
	if (r < 0) {
		bpf_free(recorder);
		return r;
	}
	*ret = recorder;
	return 0;
}

static int
bpf_watch(void *context, pid_t init, struct err *err)
{
	struct bpf_recorder *recorder = context;
	struct syscalls_comm runtime;
	struct err ignored = ERR_INIT;
	struct stat space;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	if (stat(path, &space) < 0)
		return err_sys(err, ERR_IO, errno, "cannot read %s", path);
	int r = syscalls_read_comm(init, &runtime, err);
	if (r < 0)
		return r;
	r = attach(recorder, "sys_enter", emit_calls, &space, &runtime, err);
	if (r < 0)
		return r;
	recorder->calls = r;
	r = attach(recorder, "cap_capable", emit_capabilities, &space, &runtime, &ignored);
	recorder->capabilities = r < 0 ? -1 : r;
	return 0;
}

static void
bpf_collect(void *context, struct syscalls_recording *ret)
{
	const struct bpf_recorder *recorder = context;

	ret->abis[0].audit = recorder->audit;
	memcpy(ret->abis[0].seen[SEEN_PROGRAM], recorder->seen->calls,
	       sizeof(recorder->seen->calls));
	ret->capabilities_known = recorder->capabilities >= 0;
	memcpy(ret->capabilities, recorder->seen->capabilities, sizeof(ret->capabilities));
	ret->unknown = recorder->seen->odd;
}

const struct syscalls_recorder syscalls_bpf = {
	.name = "bpf",
	.prepare = bpf_prepare,
	.watch = bpf_watch,
	.collect = bpf_collect,
	.free = bpf_free,
};
