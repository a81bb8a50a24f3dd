#ifndef LK_AUTH_AGENT_H
#define LK_AUTH_AGENT_H

/* What a User-Agent field says, coarsely: "Firefox on Windows", "curl", "unknown". For people who look at a list of
 * their sessions; nothing of the field itself is repeated. */
#define AGENT_SIZE 48

void agent_coarse(const char *user_agent, char out[AGENT_SIZE]);

#endif
