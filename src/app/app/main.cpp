#include <exception>
#include <iostream>
#include <string_view>

#include "commands/run.hpp"
#include "server/descriptors.hpp"
#include "server/serve.hpp"

int main(int argc, char** argv) {
  namespace commands = postern::commands;
  namespace server = postern::server;
  if (!server::fill_standard_descriptors()) return 1;
  const commands::Servers servers{
      .serve = server::serve, .localserve = [](const commands::Servers::Local& local) {
        return server::localserve({.directory = local.directory,
                                   .ip = local.ip,
                                   .port_offset = local.port_offset,
                                   .deliver_remote = local.deliver_remote});
      }};
  try {
    if (argc == 2 && std::string_view{argv[1]} == server::kSupervisedCommand)
      return server::serve_supervised();
    return commands::run(argc, argv, std::cout, std::cerr, servers);
  } catch (const std::exception& bug) {
    std::cerr << "postern: a bug: " << bug.what() << '\n';
    return 1;
  }
}
