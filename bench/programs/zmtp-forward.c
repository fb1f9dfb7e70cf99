/* Stands between two processes: a loop over sockets of libzmq. zmtp-forward ADDRESS HIGH_WATER_MARK
   SIGUSR1 marks the end of the warm-up; SIGTERM prints the microseconds of CPU since then and ends it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

static volatile long long warm;

static long long cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static void on_warm(int signal_number) {
  (void)signal_number;
  warm = cpu_us();
}

static void on_end(int signal_number) {
  (void)signal_number;
  char line[32];
  const int length = snprintf(line, sizeof line, "%lld\n", cpu_us() - warm);
  if (write(1, line, length) < 0) _exit(1);
  _exit(0);
}

static void check(int is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

/* A signal interrupts a call that waits: then it is made again. */
#define AGAIN(call) while ((call) < 0) check(zmq_errno() == EINTR, #call)

int main(int count, char **words) {
  if (count != 3) return 2;
  const int mark = atoi(words[2]);
  signal(SIGUSR1, on_warm);
  signal(SIGTERM, on_end);
  void *context = zmq_ctx_new();
  void *pull = zmq_socket(context, ZMQ_PULL);
  void *push = zmq_socket(context, ZMQ_PUSH);
  check(zmq_setsockopt(pull, ZMQ_RCVHWM, &mark, sizeof mark) == 0, "receive mark");
  check(zmq_setsockopt(push, ZMQ_SNDHWM, &mark, sizeof mark) == 0, "send mark");
  check(zmq_bind(pull, "tcp://127.0.0.1:*") == 0, "bind");
  check(zmq_connect(push, words[1]) == 0, "connect");
  char address[256];
  size_t length = sizeof address;
  check(zmq_getsockopt(pull, ZMQ_LAST_ENDPOINT, address, &length) == 0, "address");
  printf("%s\n", address);
  fflush(stdout);
  for (;;) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    AGAIN(zmq_msg_recv(&frame, pull, 0));
    const int flags = zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0;
    AGAIN(zmq_msg_send(&frame, push, flags));
  }
}
