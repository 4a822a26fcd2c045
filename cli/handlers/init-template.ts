/** The strangler.yaml of a new project: what matters is set, what can be set is shown with its default. */
export function projectTemplate(monolith: string): string {
  return `# Settings of this project for strangler. \${NAME} in a text is replaced by the environment variable of that name.
version: 1

# The application that is taken apart. It does not need to know, and it can be written in any language.
monolith:
  url: ${monolith}

# The proxy in front of it.
# edge:
#   listen: 127.0.0.1:8080        # where users come in; 0.0.0.0:8080 for all addresses
#   admin: 127.0.0.1:9901         # health (/livez, /readyz), /metrics, admin API: keep it off public networks
#   trustProxy: [loopback]        # proxies in front whose X-Forwarded-* are believed; default: none
#   secret: \${STRANGLER_SECRET}   # for tester overrides; default: a random one under .strangler/

# Where plans as applied, evidence and the audit trail are kept. Without it: an embedded PostgreSQL under .strangler/.
# A fleet of several edges shares one.
# stateStore:
#   url: \${STRANGLER_STORE_URL}

# How services are found. "local": the endpoint that "strangler dev" starts; without it: AWS itself.
cloudMap:
  endpoint: local
#   namespace: strangler
#   region: us-east-1

# Folder of the plans, one file per capability.
plans: migration-plans

# What "strangler dev" starts besides PostgreSQL, Cloud Map and the edge. Each part gets PORT, HOST, DATABASE_URL,
# CLOUD_MAP_ENDPOINT and CLOUD_MAP_NAMESPACE; where it wants its port as an argument, write $\${PORT}.
# dev:
#   processes:
#     monolith:
#       command: [npm, start]
#       cwd: .
#       ready: /
`;
}
