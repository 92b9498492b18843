#pragma once

namespace postern::server {

/// Tells systemd that the service is ready (sd_notify(3)); does nothing without NOTIFY_SOCKET.
void notify_ready();

}  // namespace postern::server
