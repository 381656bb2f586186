-- /readyz of the gateway: whether each service is ready, asked now.

local PATIENCE = 2

local services = {}
for name, port in os.getenv("SERVICES"):gmatch("(%S+):(%d+)") do
    services[#services + 1] = { name = name, port = tonumber(port) }
end

local function is_ready(port)
    local asked = core.tcp()
    asked:settimeout(PATIENCE)
    if not asked:connect("127.0.0.1", port) then
        return false
    end
    asked:send("GET /readyz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
    local status = asked:receive("*l")
    asked:close()
    return status ~= nil and status:match("^HTTP/1%.1 200 ") ~= nil
end

core.register_service("ready", "http", function(applet)
    local told, all = {}, true
    for _, service in ipairs(services) do
        local ready = is_ready(service.port)
        all = all and ready
        told[#told + 1] = ('"%s":%s'):format(service.name, ready)
    end
    local body = "{" .. table.concat(told, ",") .. "}"
    applet:set_status(all and 200 or 503)
    applet:add_header("content-type", "application/json")
    applet:add_header("content-length", #body)
    applet:start_response()
    applet:send(body)
end)
