/* Makes the disk fail for one process: preloaded, and told by the file named in FAULTS what to do.
 *
 * The file holds one word and a number: "sync 3" fails the third fdatasync or fsync from now on
 * and every later one, "write 3" the third write, "space 3" the same with ENOSPC, "torn 3" writes
 * half of the third and fails it, "lost 3" forgets the third and all later ones without a word and
 * fails each sync after it, as a kernel does that could not write its cache back.  A missing or empty
 * file fails nothing.  Only files whose names hold ".db" are meant, or what FAULTS_ONLY holds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char word[16];
static long left = -1;
static int lost;

static void look(void) {
    char text[64] = {0}, now[16] = {0};
    long count = 0;
    const char *name = getenv("FAULTS");
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        word[0] = 0;
        return;
    }
    if (read(fd, text, sizeof text - 1) < 0 || sscanf(text, "%15s %ld", now, &count) != 2) now[0] = 0;
    close(fd);
    if (strcmp(now, word) != 0) {
        strcpy(word, now);
        left = count;
        lost = 0;
    }
}

static int ours(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, name, sizeof name - 1);
    if (len <= 0) return 0;
    name[len] = 0;
    const char *only = getenv("FAULTS_ONLY");
    return strstr(name, only ? only : ".db") != NULL && strstr(name, "-shm") == NULL;
}

/* Whether this call, of this kind, fails. */
static int fails(int fd, const char *kind) {
    if (!ours(fd)) return 0;
    look();
    if (strcmp(word, kind) != 0) return 0;
    return left <= 1 || --left == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int sync_with(int fd, int (*real)(int)) {
    look();
    if (fails(fd, "sync") || (ours(fd) && lost && strcmp(word, "lost") == 0)) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fdatasync(int fd) { return sync_with(fd, REAL(fdatasync)); }
int fsync(int fd) { return sync_with(fd, REAL(fsync)); }

static ssize_t write_with(int fd, const void *from, size_t len, off64_t at) {
    ssize_t (*real)(int, const void *, size_t, off64_t) = REAL(pwrite64);
    if (fails(fd, "write")) {
        errno = EIO;
        return -1;
    }
    if (fails(fd, "space")) {
        errno = ENOSPC;
        return -1;
    }
    if (fails(fd, "lost")) {
        lost = 1;
        return (ssize_t)len;
    }
    if (fails(fd, "torn")) {
        if (real(fd, from, len / 2, at) < 0) return -1;
        errno = EIO;
        return -1;
    }
    return real(fd, from, len, at);
}

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at) { return write_with(fd, from, len, at); }
ssize_t pwrite(int fd, const void *from, size_t len, off_t at) { return write_with(fd, from, len, at); }
