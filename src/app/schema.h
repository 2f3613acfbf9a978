#pragma once

#include <string>

namespace dtmd::app {

/// `dtmd schema print [NAME]`: the SQL of a schema on standard output. Without a name, that of the configured store.
int print_schema(const std::string& name, const std::string& config_file);

/// `dtmd schema apply`: makes what is missing in the configured database, and mends what differs. Says what it did.
int apply_schema(const std::string& config_file);

/// `dtmd schema check`: names every way in which the configured database differs from the schema.
///
/// All return the exit code: 0 all is well; 1 it differs, or could not be done; 2 there is no such schema, or the
/// configuration is wrong.
int check_schema(const std::string& config_file);

}  // namespace dtmd::app
