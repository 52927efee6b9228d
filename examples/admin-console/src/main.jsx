import { createRoot } from "react-dom/client";
import { Console } from "./Console.jsx";
import "./style.css";

createRoot(document.getElementById("root")).render(<Console />);
