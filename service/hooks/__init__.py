"""CDS Hooks: services, requests, and what prefetch answered. Knows no policy's content and no HTTP."""
