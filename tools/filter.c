/* Writes the seccomp filters of lib/base/confine_seccomp.c as C, for each architecture that has one; run when Latchkey
 * is built. libseccomp makes them here and not in each process, where that would cost more than the filter itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the calls --------------------------------------------------------------------------------------------------- */

/* What todos, refresh and sessions do after start-up, by what glibc and musl, of today and of some years ago, make of
 * it. Any other call is answered as by a kernel that does not have it: a library then takes its older way. */
static const char *const needed[] = {
    /* files */
    "open", "openat", "close", "close_range", "read", "readv", "pread64", "preadv", "write", "writev", "pwrite64",
    "pwritev", "lseek", "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getcwd", "getdents64", "fcntl", "flock", "fsync", "fdatasync", "ftruncate", "fallocate",
    "unlink", "unlinkat", "fchmod", "fchown", "utimensat", "umask",
    /* memory */
    "brk", "munmap", "mremap", "madvise",
    /* FastCGI: connections to the socket that the process was given */
    "accept", "accept4", "recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "select", "pselect6", "poll", "ppoll",
    /* its time, its signals, itself */
    "clock_gettime", "clock_getres", "clock_nanosleep", "gettimeofday", "time", "nanosleep", "alarm", "getitimer",
    "setitimer", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigpending", "sigaltstack",
    "restart_syscall", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getrusage",
    "getrlimit", "uname", "sysinfo", "sched_yield", "sched_getaffinity", "getrandom", "futex", "rseq", "exit",
    "exit_group", NULL};

/* The same, if an argument has none of the bits: nothing that is executable, no other process's limits. */
static const struct condition {
    const char *name;
    unsigned argument;
    uint64_t bits;
} conditions[] = {{"mmap", 2, PROT_EXEC}, {"mprotect", 2, PROT_EXEC}, {"prlimit64", 0, UINT32_MAX}};

/* What only an attack asks them for: the end, and a line in the host's audit log. */
static const char *const fatal[] = {"execve", "execveat",   "fork",    "vfork",  "clone", "clone3",
                                    "socket", "socketpair", "connect", "ptrace", NULL};

/* What no program needs that one of ours starts: other processes' memory, the kernel, the host. */
static const char *const administration[] = {"ptrace",
                                             "process_vm_readv",
                                             "process_vm_writev",
                                             "pidfd_getfd",
                                             "kcmp",
                                             "userfaultfd",
                                             "perf_event_open",
                                             "bpf",
                                             "io_uring_setup",
                                             "io_uring_enter",
                                             "io_uring_register",
                                             "keyctl",
                                             "add_key",
                                             "request_key",
                                             "unshare",
                                             "setns",
                                             "chroot",
                                             "pivot_root",
                                             "mount",
                                             "umount2",
                                             "mount_setattr",
                                             "move_mount",
                                             "open_tree",
                                             "fsopen",
                                             "fsconfig",
                                             "fsmount",
                                             "fspick",
                                             "open_by_handle_at",
                                             "quotactl",
                                             "quotactl_fd",
                                             "swapon",
                                             "swapoff",
                                             "acct",
                                             "reboot",
                                             "kexec_load",
                                             "kexec_file_load",
                                             "init_module",
                                             "finit_module",
                                             "delete_module",
                                             "syslog",
                                             "settimeofday",
                                             "clock_settime",
                                             "clock_adjtime",
                                             "adjtimex",
                                             "sethostname",
                                             "setdomainname",
                                             "iopl",
                                             "ioperm",
                                             "modify_ldt",
                                             "vhangup",
                                             "fanotify_init",
                                             NULL};

static const struct profile {
    const char *name;
    uint32_t otherwise;
    bool conditions;
    struct list {
        const char *const *calls;
        uint32_t action;
    } lists[2];
} profiles[] = {
    {"alone", SCMP_ACT_ERRNO(ENOSYS), true, {{needed, SCMP_ACT_ALLOW}, {fatal, SCMP_ACT_KILL_PROCESS}}},
    {"starter", SCMP_ACT_ALLOW, false, {{administration, SCMP_ACT_ERRNO(EPERM)}, {NULL, 0}}},
};

static const struct machine {
    const char *macro;
    uint32_t arch;
} machines[] = {{"__x86_64__", SCMP_ARCH_X86_64}, {"__aarch64__", SCMP_ARCH_AARCH64}};

/* ---- the filters ------------------------------------------------------------------------------------------------- */

static int fail(const char *what, int error)
{
    fprintf(stderr, "filter: %s: %s\n", what, strerror(-error));
    return error;
}

/* A call that the architecture does not have is left out by libseccomp; one that nobody has is a slip of the pen. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name, const struct scmp_arg_cmp *condition)
{
    int call = seccomp_syscall_resolve_name(name);
    int error =
        call == __NR_SCMP_ERROR ? -ENOENT : seccomp_rule_add_array(filter, action, call, condition != NULL, condition);
    return error ? fail(name, error) : 0;
}

static int add_list(scmp_filter_ctx filter, const struct list *list)
{
    int error = 0;
    for (const char *const *name = list->calls; !error && name && *name; name++)
        error = add(filter, list->action, *name, NULL);
    return error;
}

static int add_conditions(scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; !error && i < sizeof conditions / sizeof *conditions; i++)
        error = add(filter, SCMP_ACT_ALLOW, conditions[i].name,
                    &(struct scmp_arg_cmp){conditions[i].argument, SCMP_CMP_MASKED_EQ, conditions[i].bits, 0});
    return error;
}

/* Level 2 is a tree: the kernel, which tries every call when it takes a filter in, is through it sooner. */
static int begin(scmp_filter_ctx filter, uint32_t arch)
{
    int error = 0;
    if (arch != seccomp_arch_native())
        error = seccomp_arch_add(filter, arch);
    if (!error && arch != seccomp_arch_native())
        error = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
    if (!error)
        error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    return error ? error : seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

static int print(scmp_filter_ctx filter, const char *name)
{
    struct sock_filter step;
    int fd = memfd_create(name, MFD_CLOEXEC), error = fd < 0 ? -errno : seccomp_export_bpf(filter, fd);
    if (!error && lseek(fd, 0, SEEK_SET) != 0)
        error = -errno;
    printf("static const struct sock_filter %s[] = {\n", name);
    while (!error && read(fd, &step, sizeof step) == sizeof step)
        printf("    {0x%02x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
    printf("};\n");
    if (fd >= 0)
        close(fd);
    return error;
}

static int write_filter(const struct profile *profile, uint32_t arch)
{
    scmp_filter_ctx filter = seccomp_init(profile->otherwise);
    int error = filter ? begin(filter, arch) : -ENOMEM;
    for (size_t i = 0; !error && i < sizeof profile->lists / sizeof *profile->lists; i++)
        error = add_list(filter, &profile->lists[i]);
    if (!error && profile->conditions)
        error = add_conditions(filter);
    if (!error)
        error = print(filter, profile->name);
    seccomp_release(filter);
    return error ? fail(profile->name, error) : 0;
}

int main(void)
{
    int error = 0;
    for (size_t m = 0; !error && m < sizeof machines / sizeof *machines; m++) {
        printf("#if defined(%s)\n#define CONFINE_FILTERS 1\n", machines[m].macro);
        for (size_t i = 0; !error && i < sizeof profiles / sizeof *profiles; i++)
            error = write_filter(&profiles[i], machines[m].arch);
        printf("#endif\n");
    }
    return error || fflush(stdout) ? 1 : 0;
}
