/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers through an OCI runtime started as a program (runc, crun). Works inside a sandbox
 * (port/sandbox.h) only: mounts and processes made here are cleaned up by it. docs/sandbox.md
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "codec/passwd.h"
#include "model/service.h"

#include <sys/types.h>

/* A kind of runtime program. */
struct runtime_type {
	const char *name;	      /* "runc": the program and the Debian package */
	const char *const *arguments; /* before the verb; NULL-terminated */
	bool cgroups;		      /* it may make cgroups: devices are fenced in by them */
	/* a mount that is detached in the sandbox before a container is made; NULL: none */
	const char *detach;
};

struct runtime {
	const struct runtime_type *type;
	struct span path;
};

/*
 * $MOHS_RUNTIME (a name or a path), else the first of the table that PATH has. ERR_UNSUPPORTED
 * names what to install.
 */
int runtime_find(struct arena *arena, struct runtime *ret, struct err *err);

/* Tighter than what Docker gives, as an orchestrator may ask for it. NULL: Docker's. */
struct runtime_limits {
	struct span seccomp;	/* "linux.seccomp"; empty: no filter */
	bool some_capabilities; /* only those of the list */
	struct span_list capabilities;
	bool no_new_privileges;
	bool read_only;		/* the root file system */
	struct span_list empty; /* directories: an empty one of mode 0777 each, as an emptyDir is */
	bool other_user;
	uint32_t uid;
	uint32_t gid;
};

/* What config.json is made from (OCI runtime-spec 1.0, config.md and config-linux.md). */
struct runtime_spec {
	const struct image_config *config;
	struct span_list environment; /* after the image's: replaces what has the same name */
	struct span_list command;     /* replaces the image's CMD when not empty */
	const struct passwd_user *user;
	const struct service_mount *mounts; /* bind mounts */
	size_t mount_count;
	const char *rootfs;
	const char *files; /* folder that has hosts, hostname and resolv.conf */
	struct span hostname;
	struct span cgroup;		     /* "/NAME/ID" */
	bool cgroups;			     /* of the runtime_type */
	const struct runtime_limits *limits; /* NULL: none */
};

/* ERR_INVALID when there is neither entrypoint nor command. */
int runtime_spec_make(const struct runtime_spec *spec, struct arena *arena, struct span *ret,
		      struct err *err);

/* Paths in the container that the default mounts cover; `*ret_count` of them. */
const char *const *runtime_covered(size_t *ret_count);

/* Writes hosts (with `names` as loopback names), hostname and resolv.conf into a folder. */
int runtime_files_write(const char *folder, struct span hostname, struct span_list names,
			struct err *err);

/* The directories that runtime_limits.empty stands for, in the folder that has hosts. */
int runtime_empty_make(const char *folder, size_t count, struct err *err);

/*
 * Mounts an overlay at `folder`/rootfs over `lower` (NULL: over what is mounted at `folder`/lower
 * already), with fresh `folder`/upper and `folder`/work.
 * Where the temporary folder's file system cannot carry an upper directory, a tmpfs does.
 */
int rootfs_mount(const char *folder, const char *lower, bool devices, struct err *err);

/* mkdir -p below a root file system without leaving it. */
int rootfs_make_directory(const char *rootfs, struct span path, struct err *err);

/*
 * A new file below a root file system, or a folder when `content.p` is NULL, with the folders above
 * it, without leaving it. What is there already is replaced (a folder: stays).
 */
int rootfs_put(const char *rootfs, struct span path, struct span content, uint32_t uid,
	       uint32_t gid, struct err *err);

/* Something in the upper directory. */
struct rootfs_change {
	struct span path;
	bool directory;	     /* made, or only there because something below changed */
	int64_t modified_ns; /* of a directory: when a name in it came or went last */
};

/* Everything in `folder`/upper. */
int rootfs_written(const char *folder,
		   int (*each)(void *context, const struct rootfs_change *change, struct err *err),
		   void *context, struct err *err);

struct container_options {
	const struct runtime *runtime;
	const char *id;
	const char *folder; /* of this container: bundle, runtime state; exists */
	struct span spec;   /* config.json */
	const char *log;    /* file for stdout and stderr, up to CONTAINER_LOG_MAX */
};

struct container;

/*
 * Everything up to, but not including, the first instruction. ERR_NOT_FOUND when there is no such
 * program in the image, ERR_CHILD with the runtime's words.
 */
int container_create(const struct container_options *options, struct container **ret,
		     struct err *err);

/* The first instruction. */
int container_start(struct container *container, struct err *err);

/* As seen in the sandbox's PID namespace. */
pid_t container_pid(const struct container *container);

/* Whether it has ended; then the exit code, or 128 + signal. */
bool container_ended(struct container *container, int *ret_status);

/* Readable when it has ended: for poll(). */
int container_fd(const struct container *container);

/* The last bytes it printed. */
struct span container_tail(const struct container *container);

/* Bytes of output were dropped at CONTAINER_LOG_MAX. */
bool container_log_cut(const struct container *container);

/* The signal, then after grace_ms KILL. *ret_killed: it had to be killed. */
int container_stop(struct container *container, int signal_number, uint64_t grace_ms,
		   int *ret_status, bool *ret_killed, struct err *err);

/* Runs argv inside, as the container's user, with its environment. ERR_CHILD, ERR_TIMEOUT. */
int container_exec(struct container *container, struct span_list argv, uint64_t timeout_ms,
		   struct buf *output, struct err *err);

/*
 * Kills what is left of it. The runtime's state is in the container's folder and its cgroups are
 * the sandbox's: they go with that. NULL is good.
 */
void container_free(struct container *container);
void container_cleanup(struct container **container);

/* "SIGTERM", "TERM" or "15"; SIGTERM for anything else. */
int runtime_signal(struct span name);
